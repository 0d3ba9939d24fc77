"""From the text that a model answered to drafts, whoever carried it. Pure."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from extractor.engines.port import BadAnswerError
from feuilleton.contracts.documents import CardDraft, CardMethod, Usage
from feuilleton.contracts.ids import SentenceId

ROOT = "phrases"
JSON_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        ROOT: {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "cartes": {"type": "array", "items": {"type": "string"}}},
                "required": ["id", "cartes"],
                "additionalProperties": False,
            },
        }
    },
    "required": [ROOT],
    "additionalProperties": False,
}


class _Rewritten(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    id: str
    cartes: list[str]


def read_cards(text: str, usage: Usage) -> tuple[CardDraft, ...]:
    """The cards in the order of the answer. Of an answer that breaks off, the sentences before the break; an item
    of another form is left out: its sentence was missed. Raises BadAnswerError where nothing can be read.
    """
    return tuple(
        CardDraft(source_id=SentenceId(item.id), text=card, method=CardMethod.REWRITTEN)
        for item in _items(text, usage)
        for card in item.cartes
    )


def _items(text: str, usage: Usage) -> list[_Rewritten]:
    value, is_whole = _parse(text, usage)
    found = value.get(ROOT) if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise BadAnswerError(f"not the agreed JSON: {type(found).__name__}", usage=usage)
    # Where the text broke off, nobody knows how many cards the last sentence should have had.
    whole = found if is_whole else found[:-1]
    items = [item for value in whole if (item := _item(value)) is not None]
    if (whole and not items) or (not is_whole and not items):
        raise BadAnswerError("no sentence in the agreed form", usage=usage)
    return items


def _parse(text: str, usage: Usage) -> tuple[Any, bool]:
    try:
        return from_json(text), True
    except ValueError:
        pass
    try:
        return from_json(text, allow_partial=True), False
    except ValueError:
        raise BadAnswerError("not JSON", usage=usage) from None  # the error quotes book text


def _item(value: object) -> _Rewritten | None:
    try:
        return _Rewritten.model_validate(value)
    except ValidationError:
        return None
