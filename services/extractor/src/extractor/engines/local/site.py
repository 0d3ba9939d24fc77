"""A cut in its place: what the rules against cuts look at."""

from dataclasses import dataclass

from extractor.engines.local.clauses import Clause
from extractor.engines.local.ends import Cut, End
from extractor.engines.local.forms import Forms
from extractor.engines.local.frames import Frames, usage_of
from extractor.engines.local.syntax import Parse

CONTENT = frozenset({"NOUN", "PROPN", "ADJ", "VERB", "NUM"})


@dataclass(frozen=True)
class Context:
    """Words of the segment around what was parsed; none where the whole segment was."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """A cut in its parse. `objections`: the names of the rules against it, once they were asked."""

    parse: Parse
    clause: Clause
    cut: Cut
    forms: Forms
    frames: Frames
    context: Context = Context()
    objections: tuple[str, ...] = ()

    @property
    def before(self) -> tuple[str, ...]:
        return self.context.before + self.parse.norms(0, self.cut.begin)

    @property
    def inside(self) -> tuple[str, ...]:
        return self.parse.norms(self.cut.begin, self.cut.end)

    @property
    def after(self) -> tuple[str, ...]:
        own = self.parse.norms(self.cut.end, len(self.parse))
        return (*own[:-1], *self.context.after, own[-1])

    @property
    def verb(self) -> str:
        return self.parse.tokens[self.clause.finite].norm


def reaches_stop(site: Site) -> bool:
    return site.cut.kind in {End.STOP, End.QUESTION}


def stands_behind(text: str) -> bool:
    return len(text) > 1 and text[0] == "-" and text[1] != "-"


def is_ce(site: Site) -> bool:
    subject = site.clause.subject
    return subject is not None and site.parse.tokens[subject].norm in {"ce", "c'"}


def is_starved(site: Site, at: int) -> bool:
    token = site.parse.tokens[at]
    if token.pos not in {"VERB", "AUX"} or token.dep.startswith(("aux", "cop")) or not site.forms.is_finite(token.norm):
        return False
    clause = Clause(at, at, None, at, negated=False, conditional=False)
    return site.frames.miss(usage_of(site.parse, clause, site.cut.begin, site.cut.end, site.forms))
