"""From the proposals of both parses to the cards of one source sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.engines.local.confidence import confidence_of, permits_by_weights
from extractor.engines.local.continuation import continuation_features
from extractor.engines.local.features import OBJECTION, Features, joint_features
from extractor.engines.local.forms import Forms
from extractor.engines.local.frames import Frames
from extractor.engines.local.proposals import CutKey, Permits, Proposal, propose
from extractor.engines.local.refusals import objections_to, signs
from extractor.engines.local.segments import Edge, Segment
from extractor.engines.local.surroundings import Surroundings, marks
from extractor.engines.local.syntax import Parse
from extractor.engines.local.words import Word
from feuilleton.contracts.text import count_words

# Fewer words than this seldom say anything whole, whatever the job's minimum is.
_LEAST_WORDS = 3
_STRESSED_MARKS = frozenset({"!", "…", "...", ".", "?"})
_VOWELS = "aeiouâàéèêëîïôûùœæ"


@dataclass(frozen=True)
class Lengths:
    """Words a card may have, both included."""

    least: int
    most: int

    def allow(self, text: str) -> bool:
        return max(self.least, _LEAST_WORDS) <= count_words(text) <= self.most


@dataclass(frozen=True)
class French:
    """What is known of the language: forms, how verbs are used, and which objections a card may have against it."""

    forms: Forms
    frames: Frames
    permits: Permits = permits_by_weights


@dataclass(frozen=True)
class Card:
    text: str
    confidence: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """A card, where its own words [begin, end) stand in the source, in characters, and what its confidence is from."""

    begin: int
    end: int
    card: Card
    features: Features


def all_choices(
    source: str, segment: Segment, parses: Sequence[Parse], french: French, lengths: Lengths
) -> list[Choice]:
    """Every card within `lengths` that one of the parses allows."""
    by_parse = [
        {p.key: p for p in propose(parse, segment, french.forms, french.frames, french.permits, lengths.most)}
        for parse in parses
    ]
    keys = dict.fromkeys(key for proposals in by_parse for key in proposals if _is_meant(key, segment))
    choices = (_choice(source, segment, key, by_parse, french) for key in keys)
    return [choice for choice in choices if choice is not None and lengths.allow(choice.card.text)]


def _is_meant(key: CutKey, segment: Segment) -> bool:
    """What was pruned is a card whole or not at all: its parts were proposed before."""
    return not segment.pruned or key == (0, len(segment.words), None)


def _choice(
    source: str, segment: Segment, key: CutKey, by_parse: Sequence[Mapping[CutKey, Proposal]], french: French
) -> Choice | None:
    proposal = next(proposals[key] for proposals in by_parse if key in proposals)
    text = card_text(source, segment, proposal)
    if text is None:
        return None
    place = surroundings_of(source, segment, proposal, french.forms)
    features = joint_features(source, key, by_parse) | {f"sign:{name}": 1.0 for name in signs(place)}
    features |= {OBJECTION + name: 1.0 for name in objections_to(place)}
    objections = [name.removeprefix(OBJECTION) for name in features if name.startswith(OBJECTION)]
    if not french.permits(objections):
        return None
    features |= continuation_features(text)
    agreed = "agreed" in features
    words = segment.words[proposal.cut.begin : proposal.cut.end]
    card = _card(text, segment, proposal, agreed=agreed, features=features)
    return Choice(
        words[0].begin,
        words[-1].end,
        replace(card, flags=(*card.flags, *marks(place), *(["doubted"] if objections else []))),
        features,
    )


def surroundings_of(source: str, segment: Segment, proposal: Proposal, forms: Forms) -> Surroundings:
    begin, end = proposal.subject or (0, 0)
    own = segment.words[proposal.cut.begin : proposal.cut.end]
    return Surroundings(source, own, segment, forms, segment.words[begin:end])


def choose(choices: Iterable[Choice]) -> tuple[Card, ...]:
    """The surest first, the longer first among equals; none overlaps another. In the order of the text."""
    taken: list[Choice] = []
    for choice in sorted(choices, key=_preference):
        if all(choice.end <= other.begin or other.end <= choice.begin for other in taken):
            taken.append(choice)
    return tuple(choice.card for choice in sorted(taken, key=lambda choice: choice.begin))


def _preference(choice: Choice) -> tuple[float, int, int, str]:
    return -choice.card.confidence, choice.begin - choice.end, choice.begin, choice.card.text


def _card(text: str, segment: Segment, proposal: Proposal, *, agreed: bool, features: Features) -> Card:
    kind = proposal.cut.kind
    edits = {
        "subject_repeated": proposal.subject is not None,
        "lead_dropped": proposal.lead_dropped,
        "insertion_removed": segment.shortened,
        "adverb_removed": segment.thinned,
    }
    marks = {f"end_{kind.name.lower()}": True, "single_parse": not agreed, "incise_removed": segment.joint is not None}
    flags = tuple(flag for flag, holds in {**marks, **edits}.items() if holds)
    return Card(text, confidence_of(features), flags)


def card_text(source: str, segment: Segment, proposal: Proposal) -> str | None:
    """The author's words of the cut with a capital and a final mark; None where the edit would need more than that."""
    cut = proposal.cut
    body = _joined(source, segment.words[cut.begin : cut.end])
    if proposal.subject is not None:
        begin, end = proposal.subject
        subject = _joined(source, segment.words[begin:end])
        if proposal.article:
            subject = f"{proposal.article} {_joined(source, segment.words[begin + 1 : end])}"
        elided = _before_verb(subject, body)
        if elided is None:
            return None
        body = elided
    body = body[:1].upper() + body[1:] + _final_mark(source, segment, cut.end)
    return f"« {body} »" if segment.quoted else body


def _joined(source: str, words: Sequence[Word]) -> str:
    """Words with the author's spaces between them; where something was taken out, what is left closes up."""
    parts: list[str] = []
    for at, word in enumerate(words):
        gap = source[words[at - 1].end : word.begin] if at else ""
        parts.append((gap if not gap.strip() else "" if word.text == "," else " ") + word.text)
    return "".join(parts)


def _before_verb(subject: str, body: str) -> str | None:
    """Subject and verb with the right form of 'je'; None before h and y, where the form is not sure."""
    name = subject.lower().replace("’", "'")
    if name not in {"je", "j'"}:
        return f"{subject} {body}"
    first = body[:1].lower()
    if first in {"h", "y"}:
        return None
    return f"j'{body}" if first in _VOWELS else f"je {body}"


def _final_mark(source: str, segment: Segment, end: int) -> str:
    whole = end == len(segment.words) and segment.closer in {Edge.FULL_STOP, Edge.QUESTION}
    if not whole or segment.mark not in _STRESSED_MARKS:
        return "."
    last = segment.words[-1].end
    before = source[last : source.find(segment.mark, last)]
    return before[len(before.rstrip()) :] + segment.mark
