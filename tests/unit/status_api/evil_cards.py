"""Cards with all that a file format could stumble over."""

from feuilleton.contracts.documents import CardLine, CardMethod
from feuilleton.contracts.ids import SentenceId

TEXTS = (
    "Il pleuvait, et personne ne passait.",
    "— Bonjour, dit-elle.",
    "« Entrez ! »",
    '=HYPERLINK("http://example.org";"ici")',
    "+33 répond.",
    "- Non, dit-il.",
    "@tous",
    "'=deux apostrophes",
    "''+trois",
    "＝pleine largeur",
    'Il dit : "Oui, oui; non."',
    "a & b < c > d &amp; <b>gras</b> <!-- rien -->",
    "[sound:x.mp3] [latex]x[/latex] {{c1::trou}} \\(x\\)",
    "L’œuf — à l’aube — était là…",
    "Une espace\u202fet\u00a0une autre, 😀, _x0041_.",
    "'simple apostrophe",
)


def evil_cards() -> list[CardLine]:
    """Two cards for each source, so that places among the cards of a source count."""
    return [
        CardLine(
            source_id=SentenceId(f"s{number // 2:06d}"),
            text=text,
            source_text=f"{text} {text}",
            page=number + 1,
            chapter=(None, "I. Le banc", "=II :: La  fin", "\u00a0")[number // 4],
            method=CardMethod.CUT,
            flags=("hard_cut", "other") if number % 3 == 0 else (),
        )
        for number, text in enumerate(TEXTS)
    ]
