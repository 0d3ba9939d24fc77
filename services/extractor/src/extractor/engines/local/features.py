"""What the learned confidence looks at: one cut in one parse as named numbers, most of them 0 or 1.

Names are `group:value`; a name without a weight counts for nothing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import ClauseKind
from extractor.engines.local.doubts import doubts
from extractor.engines.local.frames import Frame, usage_of
from extractor.engines.local.segments import Segment
from extractor.engines.local.site import Site
from extractor.engines.local.syntax import Token

Features = dict[str, float]
OBJECTION = "against:"
Key = tuple[int, int, tuple[int, int] | None]


class HasFeatures(Protocol):
    @property
    def features(self) -> Features: ...


_TENSES = {"P": "present", "I": "imparfait", "J": "passe_simple", "F": "futur", "C": "conditionnel"}
_LONG_REST = 12
_MANY_WORDS = 12
_DEFINITE = frozenset({"le", "la", "l'", "les"})
_INDEFINITE = frozenset({"un", "une", "des"})
_POSSESSIVE = frozenset(
    {"mon", "ma", "mes", "ton", "ta", "tes", "son", "sa", "ses", "notre", "nos", "votre", "vos", "leur", "leurs"}
)
_THIS = frozenset({"ce", "cet", "cette", "ces"})
_NEXT_WORDS = (
    fr.COORDINATORS
    | fr.CLAUSE_OPENERS
    | frozenset(fr.PREPOSITIONS)
    | frozenset({"parce", "tandis", "sans", "comme", "ou", "bien", "ni", "soit", "tout"})
)
_FACTS = frozenset({"parce", "tandis", "pendant", "alors", "sorte", "maintenant", "depuis", "dès", "moment", "jour"})
_BEFORE_WORDS = fr.COORDINATORS | fr.CLAUSE_OPENERS | fr.LIGHT_ADVERBS | frozenset({","})
_MARKS = frozenset({",", "…", "...", "—"})
_DIALOGUE_SIGNS = frozenset("—–-«")


def features_of(site: Site, segment: Segment, start: str, subject: tuple[int, int] | None = None) -> Features:
    """Features of one parse; `subject`: the words said again."""
    names = [
        f"start:{start}",
        f"end:{site.cut.kind.name.lower()}",
        f"clause:{site.clause.kind.value}",
        f"opener:{segment.opener.name.lower()}",
        f"closer:{segment.closer.name.lower()}" if _reaches_end(site) else "closer:none",
        *(f"doubt:{name}" for name in doubts(site)),
        *(OBJECTION + name for name in site.objections),
        *_of_verb(site),
        *_of_subject(site, subject),
        *_of_dropped(site),
        *_of_edges(site),
        *_of_pairs(site),
        *_of_lead(site),
        *_of_fact(site),
        *_of_context(site, segment),
    ]
    names += [name for name, holds in _marks(site, segment).items() if holds]
    found = dict.fromkeys(names, 1.0)
    frame = _of_frame(site, segment)
    found.update(frame)
    if segment.pruned:
        found.update({f"pruned:{name}": value for name, value in frame.items()})
    found.update(_of_lengths(site, subject))
    return found


def _reaches_end(site: Site) -> bool:
    return site.cut.end == len(site.parse) - 1


def _marks(site: Site, segment: Segment) -> dict[str, bool]:
    return {
        "piece": bool(segment.before or segment.after) and not segment.pruned,
        "pruned": bool(segment.pruned),
        "pruned:behind": bool(segment.pruned and segment.before),
        "piece_behind_quand": bool(segment.before) and segment.before[0] in fr.CLAUSE_OPENERS | {"comme", "dès"},
        "piece_behind_verb": any(site.forms.is_finite(word) for word in segment.before),
        "quoted": segment.quoted,
        "shortened": segment.shortened,
        "thinned": segment.thinned,
        "incise": segment.joint is not None,
        "negated": site.clause.negated,
        "starts_segment": site.cut.begin == 0,
        "comma_inside": "," in site.inside,
        "reaches_end": _reaches_end(site),
        "infinitive_inside": any("VerbForm=Inf" in t.morph for t in _tokens(site)),
        "two_verbs": sum(site.forms.is_finite(t.norm) and t.pos in {"VERB", "AUX"} for t in _tokens(site)) > 1,
        "exclaims": segment.mark == "!",
        "trails": segment.mark in {"…", "..."},
    }


def _tokens(site: Site) -> tuple[Token, ...]:
    return site.parse.tokens[site.cut.begin : site.cut.end]


def _of_verb(site: Site) -> Iterator[str]:
    yield from (f"tense:{name}" for name in _tenses(site))
    head = site.parse.tokens[site.clause.head]
    if site.clause.head != site.clause.finite:
        deps = {site.parse.tokens[at].dep for at in site.parse.children[site.clause.head]}
        yield "verb:copula" if "cop" in deps else "verb:passive" if "aux:pass" in deps else "verb:compound"
    lemmas = site.forms.lemmas(head.norm)
    yield from (f"verb:{lemma}" for lemma in sorted(lemmas))
    if lemmas & fr.SPEECH_LEMMAS:
        yield "verb:speech"
    yield f"dep:{head.dep}"
    yield f"pos:{head.pos}"


def _tenses(site: Site) -> Iterator[str]:
    """That the verb may stand in."""
    tenses = site.forms.facts(site.verb).tenses
    return (name for letter, name in _TENSES.items() if letter in tenses)


def _kind(token: Token) -> str:
    """A word that opens a phrase or a clause as itself, any other as its part of speech."""
    return token.norm if token.norm in _NEXT_WORDS else token.pos


def _of_subject(site: Site, subject: tuple[int, int] | None) -> Iterator[str]:
    at = site.clause.subject
    if subject is not None:
        words = site.parse.norms(*subject)
        yield "subject:again_pronoun" if len(words) == 1 and words[0] in fr.SUBJECT_PRONOUNS else "subject:again_noun"
        yield f"det:{_determiner(words[0])}"
        if site.clause.kind is ClauseKind.RELATIVE:
            yield f"antecedent:{_determiner(words[0])}"
            noun = site.parse.tokens[site.parse.tokens[site.clause.head].head]
            yield f"antecedent:{noun.dep}"
    elif at is None:
        yield "subject:none"
    else:
        token = site.parse.tokens[at]
        yield f"subject:{token.norm if token.norm in fr.SUBJECT_PRONOUNS else token.pos}"
        if token.pos == "NOUN":
            yield f"det:{_determiner(site.parse.tokens[site.parse.left[at]].norm)}"


def _determiner(norm: str) -> str:
    kinds = {"definite": _DEFINITE, "indefinite": _INDEFINITE, "possessive": _POSSESSIVE, "this": _THIS}
    return next((kind for kind, words in kinds.items() if norm in words), "other")


def _of_dropped(site: Site) -> Iterator[str]:
    """What hangs on the inside and is left out."""
    parse, inside = site.parse, range(site.cut.begin, site.cut.end)
    for top in inside:
        for at in parse.children[top]:
            if at in inside or parse.tokens[at].dep == "punct":
                continue
            side = "left" if at < site.cut.begin else "right"
            yield f"drop:{side}:{parse.tokens[at].dep}"
            if side == "right":
                owner = "verb" if top == site.clause.head else "other"
                yield f"drop:{owner}:{parse.tokens[at].dep}"


def _of_edges(site: Site) -> Iterator[str]:
    last, after = site.parse.tokens[site.cut.end - 1], site.parse.tokens[site.cut.end]
    yield f"last:{last.pos}"
    yield f"last_dep:{last.dep}"
    if not _reaches_end(site) and after.text != ",":
        yield f"last_det:{site.cut.kind.name.lower()}:{_last_determiner(site)}"
    yield f"next:{_kind(after)}"
    if after.text == "," and site.cut.end + 1 < len(site.parse):
        behind = site.parse.tokens[site.cut.end + 1]
        yield f"comma_next:{_kind(behind)}"
    if site.cut.begin:
        before = site.parse.tokens[site.cut.begin - 1]
        yield f"before:{before.norm if before.norm in _BEFORE_WORDS else before.pos}"


def _of_pairs(site: Site) -> Iterator[str]:
    """'Elle eut courage', 'Elle se rappela, sourit'."""
    parse, inside = site.parse, range(site.cut.begin, site.cut.end)
    behind = (at for at in parse.child(site.clause.head, "obj", "xcomp") if at > site.clause.head and at in inside)
    if any(_is_bare_noun(site, at) for at in behind):
        yield "bare_object"
    verbs = (at for at in inside if parse.tokens[at].dep == "conj" and parse.tokens[at].pos == "VERB")
    if any(not any(parse.child(at, "cc")) for at in verbs):
        yield "joined_by_comma"


def _is_bare_noun(site: Site, at: int) -> bool:
    if site.parse.tokens[at].pos != "NOUN":
        return False
    return site.parse.left[at] == at and site.parse.tokens[at - 1].norm not in fr.PREPOSITIONS


def _of_lead(site: Site) -> Iterator[str]:
    """How the segment opens where the card does not: 'Chez elle', 'Dans quinze jours'."""
    if not site.cut.begin:
        return
    opening = _kind(site.parse.tokens[0])
    yield f"lead:{opening}"
    yield from (f"lead:{opening}:{name}" for name in _tenses(site))


def _of_fact(site: Site) -> Iterator[str]:
    """What makes a fact of a subordinate: 'parce que', 'au moment où', 'si ... que', 'il vit que'."""
    if site.clause.kind is not ClauseKind.FACTIVE or not site.before:
        return
    yield f"fact:{site.before[-1]}"
    if len(site.before) > 1:
        before = site.before[-2]
        verb = "verb" if site.forms.is_only_verb(before) else "other"
        yield f"fact:{before if before in _FACTS else verb}"


def _of_context(site: Site, segment: Segment) -> Iterator[str]:
    """What stands around a piece, and what was pruned from it."""
    yield from (f"pruned:{name}" for name in segment.pruned)
    before, after = site.context.before, site.context.after
    if before and not site.cut.begin:
        yield f"piece_before:{before[-1] if before[-1] in _BEFORE_WORDS | _NEXT_WORDS else 'other'}"
    if after and _reaches_end(site):
        kind = "pruned_next" if segment.pruned else "piece_next"
        yield f"{kind}:behind:{site.parse.tokens[site.cut.end - 1].pos}"
        yield f"{kind}:{after[0] if after[0] in _NEXT_WORDS | _MARKS else 'other'}"
        yield f"{kind}:{_last_determiner(site)}:{'mark' if after[0] in _MARKS else 'word'}"
        yield f"{kind}:many" if len(after) > _LONG_REST else f"{kind}:few"


def _last_determiner(site: Site) -> str:
    """Of the noun that the card ends in: what is cut off may be what makes it known."""
    parse, last = site.parse, site.cut.end - 1
    noun = last if parse.tokens[last].pos in {"NOUN", "PROPN"} else parse.tokens[last].head
    if parse.tokens[noun].pos not in {"NOUN", "PROPN"} or not site.cut.begin <= noun < site.cut.end:
        return "none"
    determiner = next(parse.child(noun, "det"), None)
    return "bare" if determiner is None else _determiner(parse.tokens[determiner].norm)


def _of_frame(site: Site, segment: Segment) -> Features:
    """How often the verb stands as it would stand here."""
    usage = usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms)
    if not usage.verbs or (_reaches_end(site) and not _is_torn_off(site, segment)):
        return {}
    frames = [frame for verb in usage.verbs if (frame := site.frames.by_verb.get(verb)) is not None]
    if not frames:
        return {"frame:unknown": 1.0, "frame:unknown_bare": float(usage.is_bare)}
    frame = max(frames, key=lambda f: f.uses)
    return {
        "frame:object": 0.0 if usage.has_object else _share(frame.objects, frame),
        "frame:bare": 1 - _share(frame.bares, frame) if usage.is_bare else 0.0,
        "frame:preposition": _lost_preposition(site, frame),
    }


def _is_torn_off(site: Site, segment: Segment) -> bool:
    """Whether more words of its segment follow a piece at once, or a pruning at all."""
    return bool(site.context.after) and (bool(segment.pruned) or site.context.after[0] != ",")


def _share(count: int, frame: Frame) -> float:
    return (count + 1) / (frame.uses + 2)


def _lost_preposition(site: Site, frame: Frame) -> float:
    preposition = fr.PREPOSITIONS.get(site.after[0])
    return _share(frame.prepositions.get(preposition, 0), frame) if preposition else 0.0


def _of_lengths(site: Site, subject: tuple[int, int] | None) -> Features:
    kept = site.cut.end - site.cut.begin + (0 if subject is None else subject[1] - subject[0])
    rest = min(len(site.parse) - 1 - site.cut.end, _LONG_REST)
    return {
        "words_kept": min(kept, _MANY_WORDS) / 8,
        "words_after": math.log1p(rest),
        "words_before": math.log1p(site.cut.begin),
    }


def joint_features(source: str, key: Key, by_parse: Sequence[Mapping[Key, HasFeatures]]) -> Features:
    """The mean over the parses that propose this cut, and what the others say of it."""
    own = [proposals[key].features for proposals in by_parse if key in proposals]
    joint: Features = {}
    for features in own:
        for name, value in features.items():
            joint[name] = joint.get(name, 0.0) + value / len(own)
    joint.update(_agreement(key, by_parse))
    joint["dialogue"] = float(source.lstrip()[:1] in _DIALOGUE_SIGNS)
    return joint


def _agreement(key: Key, by_parse: Sequence[Mapping[Key, HasFeatures]]) -> Features:
    if all(key in proposals for proposals in by_parse):
        return {"agreed": 1.0}
    others = [other for proposals in by_parse if key not in proposals for other in proposals]
    begins = any(other[0] == key[0] and other[2] == key[2] for other in others)
    ends = any(other[1] == key[1] for other in others)
    first = "first" if key in by_parse[0] else "second"
    return {f"alone:{first}": 1.0, "other:same_begin": float(begins), "other:same_end": float(ends)}
