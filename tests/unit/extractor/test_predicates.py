"""What stands by itself, by the lexicon and the words around."""

import pytest

from extractor.lexicon import french
from extractor.predicates import Predicate, find_predicate
from extractor.verbs import Evidence

SURE, POSSIBLE, NONE = Evidence.SURE, Evidence.POSSIBLE, Evidence.NONE


def predicate(text: str) -> Predicate:
    return find_predicate(text, french())


@pytest.mark.parametrize(
    "text",
    [
        "Le vieux capitaine monta sur le pont.",
        "Jean grinçait des dents de rage.",
        "Il ne la voyait plus.",
        "Forestier lui dit bonjour, et il sortit.",
        "— Oui, dit-il.",
        "— Jamais, répondit Mrs. Weldon.",
        "Nous ne savions rien.",
        "Cela importe peu.",
        "L'un était sur la terre.",
        "Qu'importe !",
        "Lui ne répondit pas.",
        "Viens ici.",
        "Ne bougez pas.",
        "Donne-le-moi !",
        "Mais laissez-le parler.",
        "Voilà le capitaine qui monte.",
        "Peut-être qu'il viendra.",
        "Qui donc serais-je alors ?",
        "D'où vient cela ?",
        "Que la mer est belle !",
        "Quand la nuit tomba, il partit.",
        "Le capitaine, disait-on, dormait.",
        "Le capitaine, fatigué, monta.",
        "M. d'Escorval pâlissait.",
        "Tout le monde s'y trompe.",
        "Quel est ce port ?",
        "— Assez, dit le juge.",
        "Ne me quitte pas.",
        "Je ne le puis encore.",
        "Etait-ce un crime ?",
        "Quelque chat sur les toits bombait son dos.",
        "Bientôt tout reposa dans la ville.",
        "Sur le pont le capitaine monta.",
        "D'un bond de côté, Martial les évita.",
        "Il pense que la mer monte.",
    ],
)
def test_a_verb_with_its_subject_or_an_order_stands_by_itself(text: str) -> None:
    assert predicate(text).whole is SURE


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Le vieux pont du navire.", Predicate(NONE)),
        ("Et s'adressant à ses hommes.", Predicate(NONE)),
        ("Avoir dormi toute la nuit.", Predicate(NONE)),
        ("Les voiles enfin sorties.", Predicate(NONE)),
        ("Le capitaine qui avait dormi.", Predicate(SURE, NONE, SURE)),
        ("Parce que le vent avait tourné.", Predicate(SURE, NONE, SURE)),
        ("Quand ils furent sortis.", Predicate(SURE, NONE, SURE)),
        ("Comme tu voudras.", Predicate(SURE, NONE, SURE)),
        ("Monta sur le pont.", Predicate(SURE, SURE, NONE)),
        ("Puis, avant l'aube, partit sans bruit.", Predicate(SURE, SURE, POSSIBLE)),
        ("Alors parut le capitaine.", Predicate(SURE, SURE, POSSIBLE)),
        ("Le soir, monta sur le pont.", Predicate(SURE, SURE, POSSIBLE)),
        ("Lui donna son bras.", Predicate(SURE, SURE, NONE)),
        ("Sur le pont monta le capitaine.", Predicate(SURE, SURE, POSSIBLE)),
        ("Sur le pont du navire monta sans bruit.", Predicate(SURE, SURE, POSSIBLE)),
        ("Toute la nuit dormit sur le pont.", Predicate(SURE, SURE, POSSIBLE)),
    ],
)
def test_what_lacks_a_verb_a_main_clause_or_a_subject_is_told_or_left_open(text: str, what: Predicate) -> None:
    assert predicate(text) == what


def test_what_may_be_an_order_names_its_verb() -> None:
    assert predicate("Connais le général.").order == "connais"
    assert predicate("Me tiens à votre disposition.").order == ""
