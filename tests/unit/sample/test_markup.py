import pytest

from feuilleton_sample import Note, ParagraphKind, parse_novel, plain_text, raw_to_markup

BOOK = """# Le Livre

## I. Départ

Il *dit*[^1] non.

[^1]: Ou *presque*.

> Un vers,
> un autre.

> Une strophe.

~> Paris, le 3 mai.

~ Monsieur,

%% scan
Sur l’image.

Encore.
%% fin

# SECONDE PARTIE

## II

Fin.
"""


def test_every_kind_of_line_becomes_its_paragraph_without_marks() -> None:
    chapter = parse_novel(BOOK).chapters[0]

    assert chapter.title == "I. Départ"
    assert [(p.kind, p.text) for p in chapter.paragraphs] == [
        (ParagraphKind.PROSE, "Il dit non."),
        (ParagraphKind.VERSE, "Un vers,\nun autre."),
        (ParagraphKind.VERSE, "Une strophe."),
        (ParagraphKind.LETTER, "Paris, le 3 mai."),
        (ParagraphKind.LETTER, "Monsieur,"),
        (ParagraphKind.SCAN, "Sur l’image."),
        (ParagraphKind.SCAN, "Encore."),
    ]


def test_a_note_hangs_on_the_paragraph_that_calls_it() -> None:
    novel = parse_novel(BOOK)

    assert novel.chapters[0].paragraphs[0].notes == (Note("1", "Ou presque."),)
    assert novel.notes == (Note("1", "Ou presque."),)


def test_a_later_title_line_opens_a_part() -> None:
    assert [(c.part, c.title) for c in parse_novel(BOOK).chapters] == [
        (None, "I. Départ"),
        ("SECONDE PARTIE", "II"),
    ]


def test_plain_text_can_leave_out_what_stands_on_images() -> None:
    novel = parse_novel(BOOK)

    assert set(plain_text(novel)) - set(plain_text(novel, scans=False)) == {"Sur l’image.", "Encore."}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("Sans titre.", "opens with"),
        ("", "opens with"),
        ("# T\n\nTrop tôt.", "before the first chapter"),
        ("# T\n\n## I\n\n%% scan\nOuvert.", "closes it"),
        ("# T\n\n## I\n\nAppel[^7].", "7"),
    ],
)
def test_a_broken_book_is_refused_with_its_reason(broken: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_novel(broken)


def test_a_raw_novel_gets_chapters_parts_and_french_typography() -> None:
    raw = (
        " \nPREMIÈRE PARTIE \n-- I -- \n– Qui ? dit-il : « Moi ! » \nM. de *** vint [12], -- tard ; l'eau... \n"
        "Deuxième partie \nII -- L'épave \nIl se tut. \nChapitre 3 \nOui. \nÉpilogue : Fin ? \nNon. \n"
    )

    assert raw_to_markup(raw, "Titre").split("\n\n") == [
        "# Titre",
        "# PREMIÈRE PARTIE",
        "## I",
        "—\u00a0Qui\u202f? dit-il\u00a0: «\u00a0Moi\u202f!\u00a0»",
        "M. de ∗∗∗ vint, — tard\u202f; l’eau…",
        "# Deuxième partie",
        "## II. L’épave",
        "Il se tut.",
        "## Chapitre 3",
        "Oui.",
        "## Épilogue\u00a0: Fin\u202f?",
        "Non.\n",
    ]


def test_a_raw_novel_without_heads_is_one_chapter() -> None:
    assert (
        raw_to_markup("Oui.\nDeuxième partie\nNon.", "T")
        == "# T\n\n## I\n\nOui.\n\n# Deuxième partie\n\n## I\n\nNon.\n"
    )


def test_a_raw_novel_that_holds_a_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="reserves"):
        raw_to_markup("Un # ici.", "T")
