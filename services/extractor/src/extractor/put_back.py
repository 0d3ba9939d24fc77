"""When a chunk that holds up its partition is put back at the tail (pure).

What is finished behind it cannot be committed: after a kill it would all be delivered again. Behind a chunk that backs
off from faults of the model, up to its deadline, that may be thousands of messages.
"""

_MOST_BEHIND = 1_000
_HOLDS_UP_SECONDS = 60.0
_AGAIN_SECONDS = 600.0


def is_due(*, finished_behind: int, seconds: float, was_put_back: bool) -> bool:
    """Whether to put back a chunk that backs off. `seconds` is how long it has been at work since this message came.
    One that was put back before is so again after ten minutes at the earliest: each time costs a message.
    """
    if finished_behind == 0:
        return False
    if was_put_back:
        return seconds >= _AGAIN_SECONDS
    return seconds >= _HOLDS_UP_SECONDS or finished_behind >= _MOST_BEHIND
