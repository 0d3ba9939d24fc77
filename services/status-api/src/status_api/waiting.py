"""To wait for the end of an attempt, and not for as long as one likes."""

import asyncio

from feuilleton.contracts.ids import JobId, TenantId
from status_api.ports import JobReader, Wakeups
from status_api.projection import Job

_LOOK_SECONDS = 5.0  # a lost wake-up costs this much
_REST_SECONDS = 0.2  # a job of many chunks rings all the time; its end is what matters


def has_ended(job: Job, attempt: int) -> bool:
    return job.deleted or job.attempts[attempt].state.status.ended


async def until_ended(reader: JobReader, wakeups: Wakeups, tenant: TenantId, job: JobId, attempt: int) -> None:
    """Return once the attempt has ended; it may take for ever. Raises what reading raises."""
    with wakeups.listen(job) as bell:
        while True:
            found = await reader.find_job(tenant, job)
            if found is None or has_ended(found, attempt):
                return
            await asyncio.sleep(_REST_SECONDS)
            await bell.wait(_LOOK_SECONDS)
