from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.french import tokenize
from extractor.lexicon import Lexicon, LexiconMissingError, french, installed_file
from extractor.predicates import find_predicate
from extractor.typography import tidy
from extractor.validation import SourceRules, is_fragment, judge_card
from extractor.verbs import Evidence
from extractor.verdicts import Verdict
from feuilleton.contracts.job_settings import JobSettings
from tests.fakes.models.cards import make_cards

SOURCE = (
    "Le vieux capitaine, qui n'avait pas dormi de la nuit, monta sur le pont avant l'aube, parce que le vent avait "
    "tourné et que « la Marie » dansait."
)
RULES = SourceRules.of(SOURCE, "Pierre regardait la mer.", JobSettings(), french())


@pytest.mark.parametrize(
    ("card", "verdict"),
    [
        ("Le vieux capitaine monta sur le pont.", Verdict.OK),
        ("Il n'avait pas dormi.", Verdict.OK),
        ("Pierre regardait le vent.", Verdict.OK),
        ("« La Marie » dansait.", Verdict.OK),
        ("Les capitaines montèrent avant l'aube.", Verdict.OK),
        ("Il y avait du vent.", Verdict.OK),
        ("Le vieux capitaine monta sur le pont du navire.", Verdict.TOO_LONG),
        ("Monta.", Verdict.TOO_SHORT),
        ("« La Marie dansait.", Verdict.UNBALANCED),
        ("La Marie » dansait.", Verdict.UNBALANCED),
        ("il monta sur le pont.", Verdict.NO_CAPITAL),
        ("Il monta sur le pont,", Verdict.NO_FINAL_MARK),
        ("Le vieux pont avant la nuit.", Verdict.NO_VERB),
        ("Le capitaine qui n'avait pas dormi.", Verdict.SUBORDINATE),
        ("Parce que le vent avait tourné.", Verdict.SUBORDINATE),
        ("Monta sur le pont.", Verdict.NO_SUBJECT),
        ("Avait tourné avant l'aube.", Verdict.NO_SUBJECT),
        ("Il monta, . avant l'aube.", Verdict.STRAY_MARKS),
        ("Il monta sur le pont .", Verdict.STRAY_MARKS),
        ("Le vent de la nuit dansait,avait tourné.", Verdict.STRAY_MARKS),
        ("Le vent de aube avait tourné.", Verdict.ELISION),
        ("Il monta de le pont.", Verdict.ELISION),
        ("Il savait que il monta.", Verdict.ELISION),
        ("Qui n'avait pas dormi.", Verdict.DANGLING_START),
        ("Que la Marie dansait.", Verdict.DANGLING_START),
        ("Il monta sur le.", Verdict.DANGLING_END),
        ("Le vent tourna entre.", Verdict.DANGLING_END),
        ("Le vent tourna en.", Verdict.DANGLING_END),
        ("Le capitaine monta sur un.", Verdict.DANGLING_END),
        ("Le vent n'en avait pas un.", Verdict.OK),
        ("Le vent tourna parce qu'il.", Verdict.DANGLING_END),
        ("Le capitaine monta en chantant.", Verdict.INVENTED),
        ("Il monta sur trois ponts.", Verdict.INVENTED),
        ("Le jeune capitaine monta.", Verdict.INVENTED),
    ],
)
def test_each_fault_of_a_card_has_its_verdict(card: str, verdict: Verdict) -> None:
    assert judge_card(card, RULES) is verdict


def test_a_denial_that_the_source_lacks_is_invented() -> None:
    rules = SourceRules.of("Le vent avait tourné avant la fin de la longue nuit.", "", JobSettings(), french())
    assert judge_card("Le vent n'avait pas tourné.", rules) is Verdict.INVENTED
    assert judge_card("Le vent avait tourné.", rules) is Verdict.OK


def test_a_card_may_begin_and_end_as_its_source_does() -> None:
    rules = SourceRules.of("Que le vent tourne enfin, disait le vieux capitaine, ou sans…", "", JobSettings(), french())
    assert judge_card("Que le vent tourne, ou sans…", rules) is Verdict.OK


def test_a_question_may_open_with_a_relative() -> None:
    rules = SourceRules.of("Il demanda qui montait sur le pont avant que vînt l'aube.", "", JobSettings(), french())
    assert judge_card("Qui montait sur le pont ?", rules) is Verdict.OK


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Le Proviseur entra.", Evidence.SURE),
        ("Nous étions à l’étude.", Evidence.SURE),
        ("Donne-le-moi !", Evidence.SURE),
        ("Est-ce vrai ?", Evidence.SURE),
        ("Ce sont des marins.", Evidence.SURE),
        ("La femme porte un manteau.", Evidence.POSSIBLE),
        ("La porte rouge.", Evidence.NONE),
        ("— Peut-être.", Evidence.NONE),
        ("Entre Paris et Lyon.", Evidence.NONE),
        ("À l'est de la ville.", Evidence.NONE),
        ("Hélas !", Evidence.NONE),
        ("", Evidence.NONE),
    ],
)
def test_the_lexicon_and_the_word_before_tell_a_verb(text: str, evidence: Evidence) -> None:
    assert find_predicate(text, french()).verb is evidence


def test_a_fragment_is_what_surely_holds_no_verb() -> None:
    assert is_fragment("« Oui. »", french())
    assert not is_fragment("« Oui, dit-il. »", french())


def test_slips_that_need_no_second_call_are_mended() -> None:
    assert tidy("  il   vint\n») ") == "Il vint »)."
    assert tidy("« il vint\u00a0! »") == "« Il vint\u00a0! »"
    assert tidy("Il vint…") == "Il vint…"
    assert tidy("…") == "…"


def test_elided_words_and_inverted_pronouns_are_words_of_their_own() -> None:
    assert [token.key for token in tokenize("« Qu’a-t-il donc aujourd’hui ? » dit-elle.")] == [
        "qu'",
        "a",
        "il",
        "donc",
        "aujourd'hui",
        "dit",
        "elle",
    ]


@given(st.text(alphabet="abcéàA '’-«»\u00a0.,!?…—1", max_size=60))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert judge_card(tidy(text), RULES) in Verdict


def test_the_lexicon_finds_every_reading_of_a_form() -> None:
    found = {(reading.category, reading.lemma) for reading in french().readings("suis")}
    assert found == {("auxEtre", "être"), ("v", "suivre"), ("v", "être")}
    assert french().readings("xyzzy") == ()
    assert french().readings("aujourd’hui")[0].category == "adv"


def test_the_first_and_the_last_line_of_a_lexicon_are_found() -> None:
    lexicon = Lexicon(b"a\tdet\ta\t\nab\tnc\tab\tms\nz\tv\tzer\tP3s")
    assert [lexicon.readings(form)[0].category for form in ("a", "ab", "z")] == ["det", "nc", "v"]
    assert lexicon.readings("zz") == ()


def test_the_installed_lexicon_is_sorted_as_the_search_needs_it() -> None:
    previous = b""
    with installed_file().open("rb") as file:
        for line in file:
            key = line.partition(b"\t")[0] + b"\t"
            assert key >= previous, line
            previous = key


def test_a_lexicon_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises((LexiconMissingError, FileNotFoundError)):
        Lexicon.open(tmp_path / "none.mlex")


FRENCH_WORDS = st.sampled_from(
    [
        "le",
        "la",
        "un",
        "vieux",
        "capitaine,",
        "monta,",
        "dit-il,",
        "qu'il",
        "jusqu'à",
        "l'aube",
        ";",
        "par",
        "et",
        "que",
        "pas",
        "«",
        "pont",
        "»",
        "—",
        "1812",
        "Marie…",
        "où",
    ]
)


@given(words=st.lists(FRENCH_WORDS, min_size=9, max_size=40), limits=st.sampled_from([(1, 3), (2, 8), (5, 5), (4, 12)]))
def test_the_fake_models_cards_pass_the_validators(words: list[str], limits: tuple[int, int]) -> None:
    minimum, maximum = limits
    settings = JobSettings(min_sentence_length=minimum, sentence_length_limit=maximum)
    rules = SourceRules.of(" ".join(words), "", settings, french())
    for card in make_cards(rules.source, minimum, maximum):
        assert judge_card(card, rules) is Verdict.OK, card


def test_a_verb_that_looks_like_a_preposition_may_end_a_card() -> None:
    rules = SourceRules.of(
        "Pendant que le vent tourne, elle entre sans un mot dans la nuit.", "", JobSettings(), french()
    )
    assert judge_card("Elle entre.", rules) is Verdict.OK


def test_an_order_needs_no_subject_but_a_verb_that_lost_its_own_does() -> None:
    order = SourceRules.of("Marie, montez donc sur le pont avant la fin de la nuit.", "", JobSettings(), french())
    assert judge_card("Montez sur le pont.", order) is Verdict.OK
    told = SourceRules.of("Je connais le capitaine depuis la fin de la longue nuit.", "", JobSettings(), french())
    assert judge_card("Connais le capitaine.", told) is Verdict.NO_SUBJECT


DENIED = "Le capitaine ne dormait plus, n'avait rien mangé, n'était pas triste, et personne ne le voyait."


@pytest.mark.parametrize("card", ["Il dormait.", "Il avait mangé.", "Le capitaine était triste.", "Il le voit."])
def test_a_card_must_not_affirm_what_the_author_denies(card: str) -> None:
    assert judge_card(card, SourceRules.of(DENIED, "", JobSettings(), french())) is Verdict.AFFIRMS_DENIED


@pytest.mark.parametrize(
    ("card", "source"),
    [
        ("Le capitaine ne dormait plus.", DENIED),
        ("Il n'était pas triste.", DENIED),
        ("Il était pas triste.", DENIED),
        ("Le capitaine dormait.", "Le capitaine dormait, et quand Pierre vint il ne dormait plus du tout."),
        ("Il avait dix ans.", "Il n'avait que dix ans le jour de la mort du vieux capitaine."),
        ("Le capitaine arrivait.", "Avant que le capitaine n'arrivât à bord, le vent avait tourné deux fois."),
    ],
)
def test_what_is_still_denied_or_is_affirmed_elsewhere_passes(card: str, source: str) -> None:
    assert judge_card(card, SourceRules.of(source, "", JobSettings(), french())) is Verdict.OK
