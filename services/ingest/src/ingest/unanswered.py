"""What became of a commit that the database did not answer."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.ids import JobId
from ingest.errors import OutcomeUnknownError

_T = TypeVar("_T")
_RESOLVE_SECONDS = 5.0


async def resolve(job: JobId, ask: Callable[[], Awaitable[_T]]) -> _T:
    """Ask the database about a commit of unknown outcome. Raises OutcomeUnknownError while it stays away."""
    try:
        async for attempt in stamina.retry_context(
            on=DatabaseUnavailableError, attempts=None, timeout=_RESOLVE_SECONDS, wait_max=1.0
        ):
            with attempt:
                return await ask()
    except DatabaseUnavailableError as exc:
        raise OutcomeUnknownError(job) from exc
    raise OutcomeUnknownError(job)
