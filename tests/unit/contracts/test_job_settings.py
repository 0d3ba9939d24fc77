import pytest
from pydantic import ValidationError

from feuilleton.contracts.job_settings import JobSettings, PageRange
from feuilleton.contracts.text import count_words


@pytest.mark.parametrize(
    ("text", "pages"),
    [("7", [7]), ("3-5", [3, 4, 5]), ("9-", [9, 10]), ("-2", [1, 2]), (" 3 - 5 ", [3, 4, 5]), ("8-99", [8, 9, 10])],
)
def test_page_ranges_are_one_based_and_closed(text: str, pages: list[int]) -> None:
    assert list(PageRange.parse(text).numbers(10)) == pages


@pytest.mark.parametrize("text", ["", "-", "0", "5-3", "a-b", "1-2-3", "1,3", "²-3", "999999999"])
def test_a_bad_page_range_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        JobSettings.model_validate({"pages": text})


def test_settings_survive_their_json() -> None:
    settings = JobSettings.model_validate({"pages": "3-5", "sentence_length_limit": "12"})
    assert JobSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("text", "words"), [("l’ami", 1), ("—", 0), ("« Oui. »", 1), ("Il a 3,50 F …", 4), ("", 0), ("dit-il", 1)]
)
def test_a_word_is_a_token_with_a_letter_or_a_digit(text: str, words: int) -> None:
    assert count_words(text) == words
