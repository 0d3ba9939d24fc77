"""What a fake model is asked and what it says, whatever protocol carries it. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from tests.fakes.models.cards import make_cards
from tests.fakes.models.plan import Fault, Plan, Recording

CHARACTERS_PER_TOKEN = 4
THINKING_TOKENS = 7
PAGE_SENTENCES = (
    "La page commence par une phrase courte.",
    "Une seconde phrase, beaucoup plus longue que la première, raconte la suite de cette histoire sans couleur.",
    "Puis la page finit.",
)
JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """What a request wants: sentences by id, or the text of a page. `form` is how strictly it asks for JSON."""

    wanted: dict[str, str]
    minimum: int = 2
    maximum: int = 8
    page: bool = False
    prompt_tokens: int = 0
    model: str = ""
    form: str = "json_schema"
    remarks: tuple[str, ...] = ()
    room: int = 0


class Finish(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    SAFETY = "safety"
    RECITATION = "recitation"


@dataclass(frozen=True)
class Speech:
    """The model's own text, and why it stopped."""

    text: str
    finish: Finish = Finish.STOP


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `paid` is whether the real service would charge for it."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    output_tokens: int = 0
    thinking_tokens: int = 0

    @property
    def paid(self) -> bool:
        return self.status == 200


class Dialect(Protocol):
    """One protocol of model servers."""

    path: str

    def read_request(self, body: bytes, path: str) -> Ask:
        """Raises ValueError, KeyError or TypeError for what no engine of ours would send."""
        ...

    def key_of(self, headers: dict[str, str]) -> str: ...

    def say(self, ask: Ask, speech: Speech) -> Reply: ...

    def refuse(self, fault: Fault, ask: Ask, plan: Plan, api_key: str) -> Reply | None:
        """The answer of `fault` where it is an error of the protocol, else None: the model speaks."""
        ...


def task_of(texts: list[str], **more: Any) -> Ask:
    """The ask in a conversation whose last text is the task."""
    tokens = sum(map(len, texts)) // CHARACTERS_PER_TOKEN
    task = json.loads(texts[-1])
    wanted = {item["id"]: item["texte"] for item in task["passage"] if "id" in item}
    return Ask(wanted, task["mots_min"], task["mots_max"], prompt_tokens=tokens, **more)


def good_speech(ask: Ask) -> Speech:
    return Speech(json.dumps(_answer(ask), ensure_ascii=False))


def recorded_speech(ask: Ask, recordings: tuple[Recording, ...]) -> Speech | None:
    """What was recorded for just these sentences, or None."""
    for recording in recordings:
        if set(recording.ids) == set(ask.wanted):
            return Speech(recording.text, Finish(recording.finish))
    return None


def faulty_speech(fault: Fault, ask: Ask) -> Speech:
    return _FAULTS[fault](ask)


def _answer(ask: Ask) -> JsonObject | list[JsonObject]:
    if ask.page:
        return [{"texte": text, "dialogue": False} for text in PAGE_SENTENCES]
    return _phrases(
        [
            {"id": sentence, "cartes": make_cards(text, ask.minimum, ask.maximum)}
            for sentence, text in ask.wanted.items()
        ]
    )


def _phrases(items: list[JsonObject]) -> JsonObject:
    return {"phrases": items}


def _items(ask: Ask) -> list[JsonObject]:
    answer = _answer(ask)
    return answer if isinstance(answer, list) else answer["phrases"]


def _cut(ask: Ask, finish: Finish = Finish.STOP) -> Speech:
    text = json.dumps(_answer(ask), ensure_ascii=False)
    return Speech(text[: len(text) * 2 // 3], finish)


def _said(items: list[JsonObject]) -> Speech:
    return Speech(json.dumps(_phrases(items), ensure_ascii=False))


_FAULTS: dict[Fault, Callable[[Ask], Speech]] = {
    Fault.CUT_JSON: _cut,
    Fault.NOT_JSON: lambda _: Speech("Voici les cartes demandées :"),
    Fault.WRONG_SHAPE: lambda _: Speech(json.dumps({"cartes": "aucune"})),
    Fault.WRONG_IDS: lambda ask: _said([{**item, "id": "invented"} for item in _items(ask)]),
    # Every second sentence is left out, the first one always.
    Fault.MISSING_IDS: lambda ask: _said(_items(ask)[1::2]),
    Fault.LONG_CARDS: lambda ask: _said([{"id": key, "cartes": [text]} for key, text in ask.wanted.items()]),
    Fault.MAX_TOKENS: lambda ask: _cut(ask, Finish.LENGTH),
    Fault.NO_ROOM: lambda _: Speech("", Finish.LENGTH),
    Fault.SAFETY: lambda _: Speech("", Finish.SAFETY),
    Fault.RECITATION: lambda _: Speech("", Finish.RECITATION),
}
