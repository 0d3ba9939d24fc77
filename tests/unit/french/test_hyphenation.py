import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton.french.hyphenation import Vocabulary, join_broken, read_vocabulary
from splitter.lexicon import french_words


def joined(head: str, tail: str, *book: str, lexicon: bool = False) -> str:
    vocabulary = read_vocabulary(book, french_words() if lexicon else frozenset())
    return join_broken(head, tail, vocabulary, fix_hyphenation=True)


def test_a_broken_word_is_whole_again() -> None:
    assert joined("une broderie en sou-", "tache compliquée") == "une broderie en soutache compliquée"


def test_the_book_says_which_compounds_it_writes_with_a_hyphen() -> None:
    assert joined("une porte-", "fenêtre", "la porte-fenêtre était ouverte") == "une porte-fenêtre"
    assert joined("il le con-", "naissait", "il connaissait la ville") == "il le connaissait"


def test_what_is_broken_over_two_lines_says_nothing_of_its_word() -> None:
    vocabulary = read_vocabulary(["il avait peut-", "être raison", "en effet"])
    assert vocabulary.counts["être"] == 0
    assert vocabulary.counts["raison"] == 1


@pytest.mark.parametrize(
    ("head", "tail", "expected"),
    [
        ("Viendrez-", "vous demain ?", "Viendrez-vous demain ?"),
        ("répon-", "dit-il", "répondit-il"),
        ("répondit-", "il", "répondit-il"),
        ("ordonna-t-", "elle", "ordonna-t-elle"),
        ("a-", "t-il dit", "a-t-il dit"),
        ("Saint-", "Malo", "Saint-Malo"),
        ("MADE-", "LEINE", "MADELEINE"),
        ("au-", "dessus de lui", "au-dessus de lui"),
        ("c’est peut-", "être vrai", "c’est peut-être vrai"),
        ("la guerre de 1914-", "1918", "la guerre de 1914-1918"),
        ("la rivière, -", "dit-on", "la rivière, - dit-on"),
        ("c’est-", "à-dire", "c’est-à-dire"),
        ("c’est-à-", "dire", "c’est-à-dire"),
        ("le Mont-", "de-Piété", "le Mont-de-Piété"),
        ("un haut-le-", "cœur", "un haut-le-cœur"),
        ("Cabanon-Le-", "bas", "Cabanon-Lebas"),
        ("par-", "dessus la haie", "par-dessus la haie"),
        ("un in-", "folio", "un in-folio"),
        ("Écoute-", "moi", "Écoute-moi"),
        ("ce salop-", "là", "ce salop-là"),
    ],
)
def test_rules_speak_where_the_book_is_silent(head: str, tail: str, expected: str) -> None:
    assert joined(head, tail) == expected


@pytest.mark.parametrize(
    ("head", "tail", "expected"),
    [
        ("du bain-", "marie", "du bain-marie"),
        ("dans les bas-", "fonds", "dans les bas-fonds"),
        ("toute-", "puissante", "toute-puissante"),
        ("ce travail-", "là", "ce travail-là"),
        ("conte-", "nez-le", "contenez-le"),
        ("sérieuse-", "ment", "sérieusement"),
        ("Goder-", "ville", "Goderville"),
        ("nonpa-", "reille", "nonpareille"),
        ("mol-", "lis", "mollis"),
        ("cette bru-", "nette élégante", "cette brunette élégante"),
        ("les charrette-", "ries", "les charretteries"),
        ("en sous-", "œuvre", "en sous-œuvre"),
        ("race anglo-", "saxonne", "race anglo-saxonne"),
        ("elle était cha-", "leureuse", "elle était chaleureuse"),
        ("sa sœu-", "rette", "sa sœurette"),
    ],
)
def test_the_lexicon_is_asked_second(head: str, tail: str, expected: str) -> None:
    assert joined(head, tail, lexicon=True) == expected


def test_a_book_that_breaks_no_word_keeps_every_hyphen_at_the_end_of_a_line() -> None:
    compounds = ["peut-", "être là, Tirau-", "clair vint, dit-", "il, avec sa porte-", "fenêtre, sa demi-", "sœur"]
    compounds += ["et son garde-", "chasse, à mi-", "chemin du rez-", "de-chaussée, un zigue-", "zague"]
    kept = read_vocabulary(compounds, french_words())
    assert not kept.breaks_words
    assert join_broken("un zigue-", "zague", kept, fix_hyphenation=True) == "un zigue-zague"
    broken = [
        "une mer-",
        "veille de bon-",
        "heur et de tris-",
        "tesse dans la mai-",
        "son du villa-",
        "ge où l’en-",
        "fant",
    ]
    other = read_vocabulary([*broken, *compounds], french_words())
    assert other.breaks_words
    assert join_broken("un zigue-", "zague", other, fix_hyphenation=True) == "un ziguezague"


def test_hyphens_stay_as_printed_when_they_are_not_to_be_fixed() -> None:
    assert join_broken("sou-", "tache", Vocabulary(), fix_hyphenation=False) == "sou-tache"


@given(st.from_regex(r"[a-zéè]{1,8}", fullmatch=True), st.from_regex(r"[a-zéè]{1,8}", fullmatch=True))
def test_joining_adds_and_loses_no_letter(head: str, tail: str) -> None:
    whole = join_broken(f"{head}-", tail, Vocabulary(), fix_hyphenation=True)
    assert whole in (head + tail, f"{head}-{tail}")
