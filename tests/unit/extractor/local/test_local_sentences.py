"""Real sentences through both real models: one load (about 5 s) for the file."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.engines.local.confidence import trained_model
from extractor.engines.local.worker import CutSource, cut_sources, load_models
from feuilleton.contracts.job_settings import Confidence
from feuilleton.contracts.text import count_words

pytestmark = pytest.mark.heavy

KEPT = {
    "Il prit son chapeau, et il sortit dans la rue sans dire un mot à sa femme.": ["Il prit son chapeau."],
    "Ses bandeaux luisaient d'un éclat bleu ; une rose à son chignon tremblait sur une tige mobile, avec des"
    " gouttes d'eau factices au bout de ses feuilles.": ["Ses bandeaux luisaient d'un éclat bleu."],
    "Elle s'approcha un peu timide, un peu inquiète, et lui tendit la main.": [
        "Elle s'approcha un peu timide, un peu inquiète.",
        "Elle lui tendit la main.",
    ],
    "— Je ne veux pas m'aventurer à la légère, ajouta-t-elle vivement.": ["Je ne veux pas m'aventurer à la légère."],
    "Le soldat regarda longuement la route blanche de poussière et reprit sa marche.": [
        "Le soldat regarda la route blanche de poussière."
    ],
    "Son père, assis près du feu, lisait le journal du soir.": ["Son père lisait le journal du soir."],
    "Le vent commençait à enfler les voiles ; le capitaine donna l'ordre de partir avant la fin de la nuit.": [
        "Le vent commençait à enfler les voiles.",
    ],
}

# Denied, supposed, asked, reported, or hanging on what would be cut off.
NEEDS_MODEL = {
    "negated": "Il ne vit que son père, assis près du feu, qui lisait le journal du soir.",
    "supposed": "S'il avait su la vérité, il aurait quitté la ville dès le lendemain matin.",
    "condition behind": "Tu viendras avec nous, si ta mère te le permet et si le temps reste beau.",
    "as if": "Il semblait que la maison entière, avec ses volets clos, dormait depuis cent ans.",
    "asked": "Savez-vous, monsieur, que votre frère a quitté la ville hier soir avec elle ?",
    "reported": "On racontait que le vieux comte avait caché dans sa cave un trésor immense.",
    "told by others": "La guerre, disait-il à qui voulait l'entendre, était finie depuis longtemps.",
    "thought": "Il se disait : la maison est vide depuis hier, personne ne viendra plus jamais.",
    "cleft": "C'était toujours lui qui, le dimanche, portait au marché les légumes du jardin.",
    "subordinate": "Quand la nuit fut tombée sur la ville et que les lampes furent enfin éteintes.",
    "comparison": "Il était plus grand que son frère aîné, mais moins fort que son père.",
    "verb torn": "Il avait à ses côtés, sur une chaise, une grande carafe d'eau-de-vie.",
    "quotation torn": "Au dernier petit verre, le prêtre dit au pharmacien, tout en lui frappant sur l'épaule :",
    "list of subjects": "Le père, la mère, les enfants et jusqu'aux voisins du village voisin accouraient.",
    "no verb": "Partout des fleurs, des lampes, des rubans, et cette odeur de cire chaude.",
}

SENTENCES = (*KEPT, *NEEDS_MODEL.values())


@pytest.fixture(scope="module")
def alone() -> dict[str, CutSource]:
    """Each sentence cut with no neighbour."""
    load_models()
    return {sentence: cut_sources([(sentence, sentence)], 2, 8)[0] for sentence in SENTENCES}


def sure(cut: CutSource) -> list[str]:
    return [card.text for card in cut.cards if card.confidence >= trained_model().thresholds[Confidence.BALANCED]]


@pytest.mark.parametrize("sentence", KEPT)
def test_a_sentence_that_can_be_cut_gives_the_authors_own_words(sentence: str, alone: dict[str, CutSource]) -> None:
    assert sure(alone[sentence]) == KEPT[sentence]


@pytest.mark.parametrize("kind", NEEDS_MODEL)
def test_what_the_author_does_not_assert_gives_nothing(kind: str, alone: dict[str, CutSource]) -> None:
    assert sure(alone[NEEDS_MODEL[kind]]) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=90))
def test_neighbours_and_batches_change_no_card(alone: dict[str, CutSource], batch: list[str]) -> None:
    assert cut_sources([(sentence, sentence) for sentence in batch], 2, 8) == [alone[sentence] for sentence in batch]


@pytest.mark.parametrize("limit", [3, 5, 8, 12, 50])
def test_every_card_keeps_the_lengths(limit: int) -> None:
    cuts = cut_sources([(sentence, sentence) for sentence in SENTENCES], 2, limit)
    words = [count_words(card.text) for cut in cuts for card in cut.cards]
    assert all(3 <= count <= limit for count in words)
    assert words or limit == 3


@pytest.mark.parametrize("text", ["", " ", "…", "— ?!", "« »", "a" * 5000, "l'" * 400, "et, " * 500, "\u0301\u00ad-"])
def test_odd_text_gives_no_card_and_no_error(text: str) -> None:
    assert cut_sources([("s", text)], 2, 8) == [CutSource("s", ())]
