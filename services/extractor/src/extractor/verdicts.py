"""The verdicts on a card, by name."""

from enum import StrEnum


class Verdict(StrEnum):
    """OK, or a fault. A card with DUPLICATE or UNKNOWN_ID is left out; any other fault spoils the whole answer for
    its source, because the cards of a source say it together.
    """

    OK = "ok"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    UNBALANCED = "unbalanced"
    NO_CAPITAL = "no_capital"
    NO_FINAL_MARK = "no_final_mark"
    STRAY_MARKS = "stray_marks"
    ELISION = "elision"
    DANGLING_START = "dangling_start"
    DANGLING_END = "dangling_end"
    NO_VERB = "no_verb"
    SUBORDINATE = "subordinate"
    NO_SUBJECT = "no_subject"
    INVENTED = "invented"
    AFFIRMS_DENIED = "affirms_denied"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    UNKNOWN_ID = "unknown_id"


TYPOGRAPHY = frozenset(
    {Verdict.UNBALANCED, Verdict.NO_CAPITAL, Verdict.NO_FINAL_MARK, Verdict.STRAY_MARKS, Verdict.ELISION}
)
DANGLING = frozenset({Verdict.DANGLING_START, Verdict.DANGLING_END, Verdict.SUBORDINATE})
INVENTED = frozenset({Verdict.INVENTED, Verdict.AFFIRMS_DENIED})
