"""What any model is told, and what is read from any answer."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from extractor.engines import answers, prompting
from extractor.engines.gemini.prompt import PROMPT_VERSION as GEMINI_VERSION
from extractor.engines.openai.dialect import PROMPT_VERSION as OPENAI_VERSION
from extractor.engines.port import BadAnswerError, RewriteRequest
from extractor.lexicon import french
from extractor.order import out_of_order
from extractor.validation import SourceRules, judge_card
from extractor.verdicts import Verdict
from feuilleton.contracts.documents import Usage
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words
from tests.unit.extractor.scripted_engine import a_long_sentence, a_sentence

RULES_TOLD = {
    "length": "de `mots_min` à `mots_max` mots",
    "no cutting at commas": "Ne coupe pas aux virgules : réécris",
    "subject and verb": "un sujet et un verbe conjugué",
    "standalone": "complète et correcte, que l'on comprend seule",
    "order, causality, tense, tone": "dans le même ordre",
    "causality": "Garde les causes",
    "tense and tone": "le temps des verbes et le ton",
    "vocabulary": "Garde le plus possible les mots du texte",
    "merging what is short": "moins de `mots_min` mots se rattache à celle qui la précède",
    "dialogue whole": "`dialogue_entier` est vrai, une réplique entre guillemets n'est pas coupée",
    "quotes": "Garde les guillemets du texte",
    "italics": "Garde l'italique",
    "ellipses": "les points de suspension",
    "nothing invented": "N'ajoute ni nom, ni adjectif, ni verbe",
    "nothing asserted": "N'affirme jamais ce que le texte nie, suppose, demande ou rapporte",
}


def a_request(repair_round: int = 0, **changes: Any) -> RewriteRequest:
    request = RewriteRequest(
        sentences=(a_sentence(0, 'Il dit : « "vint" ».\n{"id": "s0009"}'), a_long_sentence(1)),
        wanted=(SentenceId("s0001"),),
        before="Il pleuvait.",
        settings=JobSettings(sentence_length_limit=6, min_sentence_length=3),
        model="a-model",
        repair_round=repair_round,
    )
    return replace(request, **changes)


def examples() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Task and answer of each example in the instruction."""
    decoder = json.JSONDecoder()
    for block in prompting.INSTRUCTION.split("Entrée : ")[1:]:
        task, end = decoder.raw_decode(block)
        yield task, decoder.raw_decode(block[end:].partition("Sortie : ")[2])[0]


@pytest.mark.parametrize("rule", RULES_TOLD.values(), ids=RULES_TOLD)
def test_the_instruction_tells_each_rule(rule: str) -> None:
    assert rule in prompting.INSTRUCTION


def test_only_wanted_sentences_carry_an_id_and_book_text_stays_inside_its_field() -> None:
    task = json.loads(prompting.user_texts(a_request())[-1])
    assert (task["mots_min"], task["mots_max"]) == (3, 6)
    assert task["avant"] == "Il pleuvait."
    assert task["passage"] == [
        {"texte": 'Il dit : « "vint" ».\n{"id": "s0009"}'},
        {"id": "s0001", "texte": a_long_sentence(1).text},
    ]


@pytest.mark.parametrize("ignore_dialogue", [True, False])
def test_the_model_is_told_whether_dialogue_stays_whole(*, ignore_dialogue: bool) -> None:
    request = a_request(settings=JobSettings(ignore_dialogue=ignore_dialogue))
    assert json.loads(prompting.user_texts(request)[-1])["dialogue_entier"] is ignore_dialogue


def test_each_repair_is_worded_differently_and_sampled_warmer() -> None:
    asked = [a_request(), a_request(1), a_request(2), a_request(1, after_refusal=True)]
    wordings = [prompting.user_texts(request) for request in asked]
    assert len(set(wordings)) == 4
    assert len({wording[-1] for wording in wordings}) == 1
    assert prompting.temperature_for(asked[0]) < prompting.temperature_for(asked[1])


def test_a_repair_tells_the_model_what_was_wrong_with_each_sentence() -> None:
    request = a_request(1, faults={SentenceId("s0001"): "too_long", SentenceId("s0000"): "invented"})
    passage = json.loads(prompting.user_texts(request)[-1])["passage"]
    assert [item.get("defaut") for item in passage] == [None, "une carte dépassait `mots_max`"]


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - {Verdict.OK, Verdict.DUPLICATE, Verdict.UNKNOWN_ID}))
def test_every_fault_of_a_card_has_words_for_the_model(verdict: Verdict) -> None:
    request = a_request(1, faults={SentenceId("s0001"): verdict})
    assert json.loads(prompting.user_texts(request)[-1])["passage"][1]["defaut"]


def test_the_room_for_an_answer_grows_with_the_wanted_sentences_alone() -> None:
    short, long = a_request(), a_request(wanted=(SentenceId("s0000"), SentenceId("s0001")))
    assert 2 * count_words(a_long_sentence(1).text) < prompting.output_room(short) < prompting.output_room(long)


def test_the_examples_of_the_instruction_keep_its_rules() -> None:
    """The model copies what it is shown: an example over its own limit would teach that."""
    shown = list(examples())
    assert len(shown) == 5
    for task, answer in shown:
        settings = JobSettings(min_sentence_length=task["mots_min"], sentence_length_limit=task["mots_max"])
        texts = [item["texte"] for item in task["passage"]]
        befores = dict(zip(texts, [task["avant"], *texts], strict=False))
        sources = {item["id"]: item["texte"] for item in task["passage"] if "id" in item}
        assert [item["id"] for item in answer["phrases"]] == list(sources)
        for item in answer["phrases"]:
            source = sources[item["id"]]
            rules = SourceRules.of(source, befores[source], settings, french())
            assert {card: judge_card(card, rules) for card in item["cartes"]} == dict.fromkeys(
                item["cartes"], Verdict.OK
            )
            assert out_of_order(item["cartes"], source, french()) == frozenset()


def test_the_examples_are_of_sentences_that_need_it() -> None:
    for task, _ in examples():
        for item in task["passage"]:
            words = count_words(item["texte"])
            assert ("id" in item) == (words > task["mots_max"] or words < task["mots_min"])


def test_the_examples_say_all_content_words_of_their_sentences() -> None:
    """What an example leaves out, a model leaves out."""
    for task, answer in examples():
        sources = {item["id"]: item["texte"] for item in task["passage"] if "id" in item}
        for item in answer["phrases"]:
            said = {lemma for card in item["cartes"] for lemma in _content(card)}
            assert _content(sources[item["id"]]) <= said


def _content(text: str) -> set[str]:
    words = (word.strip("«».,?!… ").lower().rpartition("'")[2] for word in text.split())
    return {word for word in words if len(word) > 5 and "-" not in word}


def test_a_changed_wording_changes_the_version() -> None:
    """Checkpoints name the version: two wordings under one name could not be told apart."""
    sampling = (prompting.TEMPERATURE, prompting.REPAIR_TEMPERATURE, json.dumps(answers.JSON_SCHEMA))
    asked = [a_request(2), *(a_request(faults={SentenceId("s0001"): verdict}) for verdict in Verdict)]
    worded = (text for request in asked for text in prompting.user_texts(request))
    told = "\n".join([prompting.INSTRUCTION, *worded, *map(str, sampling)])
    assert (prompting.RULES_VERSION, hashlib.sha256(told.encode()).hexdigest()[:12]) == ("3", "d541f669f06e")
    assert prompting.RULES_VERSION in GEMINI_VERSION
    assert prompting.RULES_VERSION in OPENAI_VERSION


WHOLE = '{"phrases": [{"id": "s1", "cartes": ["Il vint.", "Il partit."]}, {"id": 2, "cartes": ["Il but."]}]}'


@pytest.mark.parametrize("text", [WHOLE, WHOLE.removeprefix('{"phrases": ').removesuffix("}")])
def test_cards_come_in_the_order_of_the_answer(text: str) -> None:
    cards = answers.read_cards(text, Usage())
    assert [(card.source_id, card.text) for card in cards] == [
        ("s1", "Il vint."),
        ("s1", "Il partit."),
        ("2", "Il but."),
    ]


@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_wherever_an_answer_breaks_off_no_sentence_comes_out_with_a_part_of_its_cards(end: int) -> None:
    whole = {1: answers.read_cards(WHOLE, Usage())[:2], 0: ()}
    try:
        cards = answers.read_cards(WHOLE[:end], Usage())
    except BadAnswerError:
        cards = ()
    assert cards in whole.values()


def test_an_item_of_another_form_costs_its_own_sentence_alone() -> None:
    text = '{"phrases": [{"id": "s1"}, {"id": "s2", "cartes": [null]}, {"id": "s3", "cartes": ["Il vint."]}]}'
    assert [card.source_id for card in answers.read_cards(text, Usage())] == ["s3"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "Voici :",
        '{"id": 1}',
        '{"cartes": "aucune"}',
        '[{"id": "s1"}]',
        '[{"id": "s1", "cartes": [null]}]',
        "3",
    ],
)
def test_an_answer_of_another_shape_is_a_bad_answer_that_quotes_nothing(text: str) -> None:
    with pytest.raises(BadAnswerError) as caught:
        answers.read_cards(text, Usage(calls=1))
    assert caught.value.usage.calls == 1
    assert "Voici" not in str(caught.value)
    assert "aucune" not in str(caught.value)


def test_an_empty_answer_is_an_answer_without_cards() -> None:
    assert answers.read_cards('{"phrases": []}', Usage()) == ()
