"""How each verb is used in novels: how often with an object, how seldom with nothing at all.

Lefff's full forms say nothing of complements, so `frames.tsv` counts them in parses of four public-domain novels (how:
docs/adr/0005-local-engine.md). A cut that takes from a verb what it nearly always has is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause
from extractor.engines.local.forms import Forms
from extractor.engines.local.syntax import Parse

_OBJECTS = ("obj", "xcomp", "ccomp")
_OTHERS = ("obl:arg", "obl:mod", "iobj", "advmod", "obl:agent", "nmod", "obl", "advcl")
_OBJECT_PRONOUNS = frozenset({"le", "la", "l'", "les", "en", "me", "m'", "te", "t'", "nous", "vous"})
_REFLEXIVES = frozenset({"se", "s'", "me", "m'", "te", "t'", "nous", "vous"})


@dataclass(frozen=True)
class Usage:
    """What a verb has with it in one clause. `verbs`: lemmas it may be, 'se ' before a reflexive one; none for a
    copula or a passive, which are judged by the tree alone.
    """

    verbs: frozenset[str]
    has_object: bool
    is_bare: bool
    prepositions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Frame:
    """Of `uses` clauses, `objects` had an object, `bares` nothing behind the verb, `prepositions` had each of these."""

    uses: int
    objects: int
    bares: int
    prepositions: Mapping[str, int]


def usage_of(parse: Parse, clause: Clause, begin: int, end: int, forms: Forms) -> Usage:
    """What stands with the clause's verb within the words [begin, end)."""
    head = clause.head
    children = [at for at in parse.children[head] if begin <= at < end]
    deps = {at: parse.tokens[at].dep for at in children}
    if "cop" in deps.values() or "aux:pass" in deps.values():
        return Usage(frozenset(), has_object=True, is_bare=False)
    before = {parse.tokens[at].norm for at in range(clause.finite) if _is_clitic_of(parse, at, clause)}
    reflexive = _is_reflexive(parse, clause, before)
    behind = [at for at in children if at > clause.finite]
    has_object = any(deps[at] in _OBJECTS for at in behind) or bool(before & _OBJECT_PRONOUNS and not reflexive)
    others = any(deps[at] in _OTHERS and parse.tokens[at].norm not in fr.NEGATIONS for at in behind)
    lemmas = forms.lemmas(parse.tokens[head].norm)
    cases = (at for top in behind if deps[top].startswith("obl") for at in parse.child(top, "case"))
    prepositions = frozenset(fr.PREPOSITIONS.get(parse.tokens[at].norm, "") for at in cases) - {""}
    prefix = "se " if reflexive else ""
    verbs = frozenset(prefix + lemma for lemma in lemmas)
    return Usage(verbs, has_object, not has_object and not others, prepositions)


def has_object(parse: Parse, children: Iterable[int]) -> bool:
    """Whether one of these children of a verb is an object, be it a pronoun before it."""
    return any(
        parse.tokens[at].dep in _OBJECTS or parse.tokens[at].norm in _OBJECT_PRONOUNS | _REFLEXIVES for at in children
    )


def _is_clitic_of(parse: Parse, at: int, clause: Clause) -> bool:
    return parse.tokens[at].head == clause.head and parse.tokens[at].norm in fr.OBJECT_CLITICS


def _is_reflexive(parse: Parse, clause: Clause, before: set[str]) -> bool:
    if before & {"se", "s'"}:
        return True
    subject = parse.tokens[clause.subject].norm if clause.subject is not None else ""
    pairs = {"je": {"me", "m'"}, "j'": {"me", "m'"}, "tu": {"te", "t'"}, "nous": {"nous"}, "vous": {"vous"}}
    return bool(before & pairs.get(subject, set()))


@dataclass(frozen=True)
class Frames:
    """Frames by verb. Shares are of complete clauses."""

    by_verb: dict[str, Frame]
    least_uses: int = 6
    object_share: float = 0.6
    bare_share: float = 0.2
    loose_share: float = 0.1
    loose_uses: int = 20
    rare_share: float = 0.1
    often_share: float = 0.4

    def miss(self, usage: Usage) -> bool:
        """Whether every verb that this may be nearly always has more with it."""
        known = [self.by_verb[verb] for verb in usage.verbs if verb in self.by_verb]
        frames = [frame for frame in known if frame.uses >= self.least_uses]
        if not frames:
            return bool(usage.verbs) and usage.is_bare
        return all(self._misses(frame, usage) for frame in frames)

    def wants_object(self, verb: str) -> bool:
        """Whether this verb nearly always has an object; False when it is not known well enough."""
        frame = self.by_verb.get(verb)
        known = frame is not None and frame.uses >= self.least_uses
        return known and frame is not None and frame.objects >= self.object_share * frame.uses

    def may_have_object(self, verb: str) -> bool:
        """Whether this verb often has an object; True of one that is not known."""
        frame = self.by_verb.get(verb)
        return frame is None or frame.objects >= self.often_share * frame.uses

    def is_rare(self, verb: str, preposition: str) -> bool:
        """Whether the verb seldom has this preposition with it; True of a verb that is not known."""
        frame = self.by_verb.get(verb)
        return frame is None or frame.prepositions.get(preposition, 0) <= self.rare_share * frame.uses

    def is_loose(self, verb: str, preposition: str) -> bool:
        """Whether the verb is well known and seldom has this preposition with it."""
        frame = self.by_verb.get(verb)
        if frame is None or frame.uses < self.loose_uses:
            return False
        return frame.prepositions.get(preposition, 0) <= self.loose_share * frame.uses

    def _misses(self, frame: Frame, usage: Usage) -> bool:
        wants_object = frame.objects >= self.object_share * frame.uses
        seldom_bare = frame.bares <= self.bare_share * frame.uses
        return (wants_object and not usage.has_object) or (seldom_bare and usage.is_bare)


def read_frames(lines: Iterable[str]) -> Frames:
    """Lines are verb, uses, objects, bares, and 'dans=3 sur=1', tab-separated."""
    rows = (line.rstrip("\n").split("\t") for line in lines)
    return Frames({verb: Frame(int(n), int(o), int(b), _counts(pairs)) for verb, n, o, b, pairs in rows})


def _counts(pairs: str) -> dict[str, int]:
    split = (pair.split("=") for pair in pairs.split())
    return {word: int(count) for word, count in split}


@cache
def french_frames() -> Frames:
    """The frames that come with the package."""
    text = (files("extractor.engines.local") / "frames.tsv").read_text(encoding="utf-8")
    return read_frames(text.splitlines())
