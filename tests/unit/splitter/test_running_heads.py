from splitter.pages import Line, Page
from splitter.running_heads import remove_running_heads
from tests.unit.splitter.printed import centred, line, page, prose, with_furniture


def texts(pages: list[Page]) -> list[str]:
    return [one.text for page in pages for one in page.lines]


def body(number: int) -> list[Line]:
    return prose(
        f"Ici commence la page {number} du livre",
        f"elle a {number} lignes pleines encore",
        f"et se ferme {number} fois.",
    )


def test_heads_of_left_and_right_pages_and_numbers_go_and_the_text_stays() -> None:
    pages = [with_furniture(n, body(n), "Gustave Flaubert" if n % 2 == 0 else "Madame Bovary") for n in range(1, 13)]
    left = remove_running_heads(pages)
    assert texts(left) == [one.text for n in range(1, 13) for one in body(n)]


def test_a_number_inside_the_head_does_not_hide_it() -> None:
    pages = [with_furniture(n, body(n), f"{n} LE COMTE DE MONTE-CRISTO", "") for n in range(4, 12)]
    assert not any("MONTE-CRISTO" in text for text in texts(remove_running_heads(pages)))


def test_roman_and_dashed_page_numbers_go() -> None:
    roman = [with_furniture(n, body(n), "Préface", numeral) for n, numeral in enumerate(["v", "vi", "vii", "viii"], 5)]
    dashed = [with_furniture(n, body(n), "Préface", f"— {n} —") for n in range(9, 14)]
    left = texts(remove_running_heads([*roman, *dashed]))
    assert not any(text.strip("— ").isdigit() or text in {"v", "vi", "vii", "viii", "Préface"} for text in left)


def test_chapter_numbers_at_the_top_of_their_pages_are_no_page_numbers() -> None:
    openings = {2: "I", 7: "II", 12: "III", 16: "IV"}
    pages = []
    for n in range(1, 20):
        lines = (
            [centred(openings[n], 0, size=14), *prose("Le jour", "se lève", first_row=4)] if n in openings else body(n)
        )
        pages.append(with_furniture(n, lines, "Le roman"))
    left = texts(remove_running_heads(pages))
    assert [text for text in left if text in openings.values()] == ["I", "II", "III", "IV"]


def test_chapter_titles_that_differ_only_in_their_number_are_no_head() -> None:
    pages = [
        with_furniture(n, [centred(f"Chapitre {n}", 0), *prose("Le jour", "se lève", first_row=4)], "Le roman")
        for n in range(1, 9)
    ]
    left = texts(remove_running_heads(pages))
    assert [text for text in left if text.startswith("Chapitre")] == [f"Chapitre {n}" for n in range(1, 9)]


def test_a_short_reply_that_comes_back_at_the_top_of_far_pages_is_text() -> None:
    pages = [
        with_furniture(n, [line("— Oui.", 0, indent=12), *body(n)] if n % 10 == 0 else body(n), "Le roman")
        for n in range(1, 60)
    ]
    assert texts(remove_running_heads(pages)).count("— Oui.") == 5


def test_a_stamp_on_most_pages_goes_wherever_it_stands() -> None:
    pages = [with_furniture(n, [*body(n), line("Exemplaire de lecture", 15.5)], "Le roman") for n in range(1, 11)]
    assert "Exemplaire de lecture" not in texts(remove_running_heads(pages))


def test_a_book_of_one_page_keeps_its_lines() -> None:
    assert len(remove_running_heads([page(1, body(1))])[0].lines) == 3


def test_a_book_whose_pages_are_all_the_same_keeps_them() -> None:
    pages = [with_furniture(n, [line("Il marche vers la ville.", 0)], "", "") for n in range(1, 7)]
    assert texts(remove_running_heads(pages)).count("Il marche vers la ville.") == 6
