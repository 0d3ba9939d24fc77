"""A deck as an Anki package. A second import updates its notes and keeps what was learnt."""

import hashlib
import html
import itertools
import re
import sqlite3
import zipfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import genanki

from feuilleton.contracts.ids import JobId
from status_api.exports.keyed import KeyedCard

# Anki knows a note type by its number: with another one, cards that were imported before would stay with the old.
MODEL_ID = 1_806_021_847
_LEAST_DECK_ID = 1 << 30
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # so that the same cards give the same bytes
_BACK = """{{FrontSide}}
<hr id="answer">
<p class="source">{{Source}}</p>
<p class="place">{{#Chapter}}{{Chapter}}, {{/Chapter}}p. {{Page}}</p>"""
_CSS = """.card { font-family: Georgia, serif; font-size: 24px; text-align: center; }
.source { font-size: 18px; }
.place { font-size: 14px; opacity: 0.7; }"""

_MODEL = genanki.Model(
    MODEL_ID,
    "Feuilleton",
    fields=[{"name": name} for name in ("Text", "Source", "Page", "Chapter")],
    templates=[{"name": "Card", "qfmt": '<div lang="fr">{{Text}}</div>', "afmt": _BACK}],
    css=_CSS,
)


@dataclass(frozen=True)
class DeckInfo:
    """`made_at` is the time of the result: Anki takes a note over an older one only."""

    job: JobId
    name: str
    made_at: datetime


def write_apkg(cards: Iterable[KeyedCard], path: Path, info: DeckInfo) -> None:
    """Blocking; memory is constant where `cards` is, which are gone through twice. Uses the folder of `path`."""
    seconds = info.made_at.timestamp()
    database = path.with_suffix(".anki2")
    deck = genanki.Deck(_deck_id(info.job), _deck_name(info.name))
    deck.add_model(_MODEL)
    deck.notes = _Notes(cards, info.job)
    with closing(sqlite3.connect(database)) as connection:
        genanki.Package(deck).write_to_db(connection.cursor(), seconds, itertools.count(int(seconds * 1000)))
        connection.commit()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with database.open("rb") as source, archive.open(_entry("collection.anki2"), "w") as target:
            while part := source.read(1 << 20):
                target.write(part)
        archive.writestr(_entry("media"), "{}")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


class _Notes:
    """genanki goes through a deck's notes twice; so they need not all be in memory."""

    def __init__(self, cards: Iterable[KeyedCard], job: JobId) -> None:
        self._cards = cards
        self._job = job

    def __iter__(self) -> "Iterable[genanki.Note]":
        return (_note(entry, self._job) for entry in self._cards)


def _note(entry: KeyedCard, job: JobId) -> genanki.Note:
    card = entry.card
    fields = [_field(card.text), _field(card.source_text), str(card.page), _field(card.chapter or "")]
    tags = [_tag(card.chapter)] if card.chapter else []
    return genanki.Note(_MODEL, fields, guid=genanki.guid_for(job, entry.key), tags=tags)


def _deck_id(job: JobId) -> int:
    digest = hashlib.sha256(job.encode()).digest()
    return _LEAST_DECK_ID + int.from_bytes(digest[:4]) % _LEAST_DECK_ID


def _deck_name(name: str) -> str:
    """`::` would make a deck within a deck."""
    return re.sub(r":{2,}", ":", name)


def _field(text: str) -> str:
    """As HTML that shows the text and does nothing: a bracket could begin a sound or a formula."""
    return html.escape(text.replace("\x1f", " ").replace("\0", "")).replace("[", "&#91;").replace("\n", "<br>")


def _tag(chapter: str) -> str:
    """A tag is one word; `::` would make a tag within a tag."""
    return re.sub(r":{2,}", ":", re.sub(r"[\s\x00-\x1f]+", "_", chapter.strip())) or "_"
