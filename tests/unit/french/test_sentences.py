"""Boundaries that a reader would set, each with the rule behind it; `|` marks them in one paragraph."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feuilleton.contracts.text import count_words
from feuilleton.french.names import read_names
from feuilleton.french.segmentation import MAX_CHARACTERS, MAX_WORDS, split_paragraph

GOLD = [
    # plain prose
    "Il se leva.|Toute la classe se mit à rire.",
    "Le vent était tombé ; la mer, elle, montait encore : on l’entendait.|Puis rien.",
    "Où aller ?|Personne ne répondait.|Quelle nuit !",
    # a small letter goes on, whatever the mark
    "Erreur ! une ambition sourde le rongeait.|Il se tut.",
    "Pourquoi, reprit-il, se laisser envahir ? et puis, qu’importe…",
    "— Ah ! tu me quitteras, toi !… tu te marieras !… tu seras comme les autres.",
    # incises belong to what is said
    "« Non ! dit-il.|Je reste. »|Et il s’assit.",
    "« Laurine ! » et la petite fille s’en vint.",
    "— Pourquoi ? interrompit-il.|Parce qu’il a des complices.",
    "« Oui, je viens ! » cria-t-elle.|Personne ne l’entendit.",
    "— Tout !… interrompit le Suisse, certes non !|Il y a à voir encore les appartements.",
    # guillemets over several sentences
    "Il apaisait sa conscience : « Je lui rendrai le tout.|Ce n’est que de l’argent prêté. »|Il dormit.",
    "« Le patron ?|Un vrai renard !|Quelle race ! »|Et il cita des traits étonnants.",
    "On lisait ces mots : « Banc de M. un tel. »|Plus loin, le confessionnal.",
    "« On sent l’homme bien élevé », disait-on.",
    "« Prions ! » dit la pieuse femme.",
    # speaker changes inside a paragraph
    "— Ça monte.|— Comme l’an dernier ?|— Plus haut.",
    "une bourrasque nouvelle.|– Restez donc tranquilles ! continuait le professeur.",
    # a dash inside a sentence
    "Dick Sand, — ainsi se nommait-il, — devait être orphelin.|Il était brun.",
    "Il vint – quelle horreur ! – avec son chien.",
    # titles
    "C’était M. Homais.|Mme Homais, elle, restait éblouie.",
    "MM. Porion et Lapalme saluèrent.|Mlle de La Mole sourit au Dr. Larivière.",
    "M. Seguin n’avait jamais eu de bonheur.",
    "Il pria Mgr. Bienvenu et Me Guillaumin.|St. Pierre attendra.",
    # initials and names
    "James W. Weldon arma le navire.|Il partit.",
    "J. Verne et V. H. Dupont écrivirent.|On les lut.",
    "La ville fut prise en 52 av. J.-C. par César.|Elle brûla.",
    # a king's number ends a sentence before a word that opens one
    "L’église a été rebâtie sous Charles X.|La voûte en bois se pourrit.",
    "Il le comparait à Henri IV.|Et chaque matin il attendait.",
    # labels of lists and of a diary's entries
    "A. – Point d’où la ronde entendit les cris.|(Il est loin.)",
    "— 28 avril. — Traversé une forêt.|Arbres de haute futaie.",
    "Du 1er mai au 6 mai 1873. — Plaines inondées.|Rosée.",
    "— Lundi 3 mars. — Il neige.",
    "Il revint le 28 avril.|— Enfin ! cria-t-elle.",
    # titles that are words too
    "Le brick changea de cap.|Le vent fraîchit.",
    "Il releva son col.|La pluie tombait.",
    # etc., figures, hours
    "Des bandages, bains, chocolats, etc.|Et l’enseigne portait un nom.",
    "Voyez p. 12, chap. IV, n° 3 et vol. 2.|Tout y est.",
    "Le train de 7 h. 30 était parti.|Il revint à 8 h.|Nul ne l’attendait.",
    "Le 20 février 18.., un dimanche, il neigeait.|On se tut.",
    "Il y en avait 3.500, ou 3,5 milliers.|C’est peu.",
    "1° Se taire ; 2° attendre.|3° Recommencer.",
    # ellipses
    "Vous me parlez d’un cocher… qui prouve que c’est lui ?…",
    "Il a le nez au vent, il est agité…|On dirait qu’il sent de loin…",
    "Oui... peut-être... un peu.|Non.",
    "attendus…. Puis il partit.".replace(". Puis", ".|Puis"),
    # brackets
    "Il chantait (on criait : Bravo ! Bravo !), puis il se tut.|Le rideau tomba.",
    "Il se tut.|(Elle aussi se taisait.|Tous attendaient.)|Puis rien.",
    "Il était là (c’était lui, le second habitué) depuis une heure.",
    # straight quotes and no-break spaces
    "« Quoi ? » dit-il.|« Rien. »",
    'Il cria : "Feu !"|Personne ne bougea.',
    # colons never end
    "Alors il dit : Je viens demain.",
]  # fmt: skip


@pytest.mark.parametrize("marked", GOLD)
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    assert [span.text for span in split_paragraph(marked.replace("|", " "))] == marked.split("|")


@pytest.mark.parametrize("marked", GOLD)
def test_no_break_spaces_and_plain_ones_give_the_same_boundaries(marked: str) -> None:
    text = re.sub(r" ([;:!?»])", "\u202f\\1", marked.replace("|", " ")).replace("« ", "«\u00a0")
    assert len(split_paragraph(text)) == marked.count("|") + 1


@pytest.mark.parametrize(
    "marked",
    [
        "— Ah ! Rodolphe, cher petit Rodolphe !|Tu pars.",
        "« Tiens ! Bel-Ami !|Laurine vous a baptisé ! »",
        "Il criait : « Rodolphe ! Rodolphe ! »|Rien.",
        "— Eh bien ! Monsieur Lecoq, dit-il.|Entrez.",
        "— Oh !…|Jamais.",
        "— Ah !|Voilà Rodolphe.",
        "Enfin, je le tiens !|Rodolphe sourit.",
        "— Rodolphe !|Rodolphe se leva.",
        "— Vraiment ?|Rodolphe partit.",
        "« Ah ! »|Rodolphe soupira.",
    ],
)
def test_a_cry_goes_on_before_a_name_of_the_book_and_before_no_other_capital(marked: str) -> None:
    names = read_names(["Il vit Rodolphe et Bel-Ami avec Laurine.", "Il dit jamais."])
    assert [span.text for span in split_paragraph(marked.replace("|", " "), names)] == marked.split("|")


def test_a_word_that_is_also_written_small_is_no_name() -> None:
    assert read_names(["Il lut la Bible à Emma.", "une bible, la nuit"]) == {"Emma"}


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("— Oui, dit-il. Je viens.", [True, True]),
        ("« Oui. Je viens. » Il se leva.", [True, True, False]),
        ("Il dit : « Oui. » Puis il sortit.", [True, False]),
        ("Le capitaine savait se « débrouiller » au milieu des glaces.", [False]),
        ("Il se leva — quelle idée — et sortit.", [False]),
    ],
)
def test_speech_is_marked(paragraph: str, expected: list[bool]) -> None:
    assert [span.dialogue for span in split_paragraph(paragraph)] == expected


def test_dots_without_a_word_go_with_what_follows_and_an_asterism_is_nothing() -> None:
    assert [span.text for span in split_paragraph("… Enfin, il découvrit.")] == ["… Enfin, il découvrit."]
    assert split_paragraph("* * *") == []
    assert split_paragraph("……………") == []


def test_a_sentence_of_too_many_words_is_cut_at_its_strongest_marks() -> None:
    clause = "il marchait encore et toujours le long de la route blanche, "
    text = "Et " + clause * 20 + "sans fin ; " + clause * 19 + "sans but."
    spans = split_paragraph(text)
    assert len(spans) == 2
    assert all(span.hard_cut and count_words(span.text) <= MAX_WORDS for span in spans)
    assert spans[0].text.endswith("sans fin ;")


@given(st.text(alphabet="abÉ.!?…,;: «»()—-'\n\u00a0", max_size=400))
def test_nothing_is_lost_or_moved(text: str) -> None:
    spans = split_paragraph(text)
    kept = "".join(text.split())
    if not spans:
        assert not any(ch.isalnum() for ch in kept)
        return
    assert "".join("".join(span.text.split()) for span in spans) == kept
    starts = [span.start for span in spans]
    assert starts == sorted(set(starts))
    assert all(text.startswith(span.text.split()[0], span.start) for span in spans)
    assert all(any(ch.isalnum() for ch in span.text) for span in spans)


@settings(deadline=None)
@given(st.integers(1, 1500), st.sampled_from(["mot", "mot,", "l’ami", "fin;", "x" * 300]))
def test_no_piece_is_longer_than_the_limit_and_all_words_stay(count: int, word: str) -> None:
    spans = split_paragraph(" ".join([word] * count))
    assert all(count_words(span.text) <= MAX_WORDS and len(span.text) <= MAX_CHARACTERS for span in spans)
    assert sum(count_words(span.text) for span in spans) == count


def test_text_without_spaces_is_cut_too() -> None:
    spans = split_paragraph("x" * 50_000)
    assert "".join(span.text for span in spans) == "x" * 50_000
    assert all(len(span.text) <= MAX_CHARACTERS for span in spans)
