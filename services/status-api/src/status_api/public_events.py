"""Job events as clients see them: short names, and no more than concerns them. Pure."""

import json

_PREFIX, _SUFFIX = "feuilleton.", ".v1"
_INTERNAL = frozenset({"tenant", "job", "attempt", "reserve", "result"})


def public_name(type_name: str) -> str:
    """`feuilleton.job.ended.v1` is `job.ended` outside."""
    return type_name.removeprefix(_PREFIX).removesuffix(_SUFFIX)


def public_data(data: str) -> dict[str, object]:
    """An event's data (JSON text) without what is internal, or stands beside it anyway (job, attempt)."""
    return {key: value for key, value in json.loads(data).items() if key not in _INTERNAL}
