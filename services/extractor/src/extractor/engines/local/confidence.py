"""How sure a card is, from what was measured by reading: parses agree .96 to .99, one parse alone .94 to .96.

The numbers rank cards and pick the default; a model learned from judged cards can take this function's place.
"""

from extractor.engines.local.ends import End

DEFAULT_MINIMUM = 0.94

_AGREED = {
    End.STOP: 0.99,
    End.CLAUSE: 0.985,
    End.COLON: 0.97,
    End.COORDINATED: 0.975,
    End.COMMA: 0.96,
    End.SUBORDINATE: 0.955,
    End.PREPOSITION: 0.95,
}
_ALONE = 0.035
_EDIT = 0.01


def confidence_of(end: End, *, agreed: bool, edits: int) -> float:
    """The share of such cards that a reader is expected to pass, 0 to 1. `edits`: how many kinds of edit it took
    (subject said again, opening left out, insertion left out).
    """
    return round(_AGREED[end] - (not agreed) * _ALONE - edits * _EDIT, 3)
