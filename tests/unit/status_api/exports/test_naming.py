import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from status_api.exports.formats import ExportFormat
from status_api.exports.naming import content_disposition, file_name, title_of


@pytest.mark.parametrize(
    ("job_name", "expected"),
    [
        ("Madame Bovary.pdf", "Madame Bovary.csv"),
        ("L’Œuvre.PDF", "L’Œuvre.csv"),
        ("../../etc/passwd", "_.._etc_passwd.csv"),
        ('a"b\r\nSet-Cookie: x=1.pdf', "a_b Set-Cookie_ x=1.csv"),
        ("\u202efdp.exe.pdf", "fdp.exe.csv"),
        (".pdf", "cards.csv"),
        ("...", "cards.csv"),
        ("con.pdf", "_con.csv"),
        ("CON.tome 1.pdf", "_CON.tome 1.csv"),
        ("x" * 300, "x" * 100 + ".csv"),
        ("", "cards.csv"),
    ],
)
def test_a_file_is_named_after_the_book_and_stays_in_its_folder(job_name: str, expected: str) -> None:
    assert file_name(job_name, ExportFormat.CSV) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_name_leaves_its_header_and_every_name_can_be_read_back(job_name: str) -> None:
    name = file_name(job_name, ExportFormat.TXT)
    header = content_disposition(name)
    assert re.fullmatch(r"[\x20-\x7e]+", header)
    plain, extended = re.fullmatch(r'attachment; filename="([^"\\]*)"; filename\*=UTF-8\'\'(\S+)', header).groups()  # type: ignore[union-attr]
    assert unquote(extended) == name
    assert plain.endswith(".txt")
    assert not set(name) & set('<>:"/\\|?*\r\n\0')
    assert len(name.encode()) <= 4 * 100 + 5


def test_a_reader_of_such_headers_takes_the_whole_name_and_an_old_one_its_ascii() -> None:
    header = content_disposition("Œuvres d’été.csv")
    assert parse_options_header(header) == ("attachment", {"filename": "Œuvres d’été.csv"})
    assert 'filename="OEuvres dete.csv"' in header


def test_a_title_is_shown_in_one_line() -> None:
    assert title_of("Le\tRouge\net le Noir.pdf") == "Le Rouge et le Noir"
