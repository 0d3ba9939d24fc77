"""What a job has cost so far, for an end that the splitter publishes."""

from pydantic import ValidationError

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Checkpoint
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.storage.ports import ObjectStore


async def billed_tokens(store: ObjectStore, tenant: TenantId, job: JobId) -> int:
    """The billed tokens of all checkpoints of the job, 0 for one that has none. Raises StoreUnavailableError."""
    folder = ids.checkpoint_key(tenant, job, 0).rpartition("/")[0] + "/"
    keys = [info.key async for info in store.list(folder)]
    return sum([_billed(await store.find(key)) for key in keys])


def _billed(body: bytes | None) -> int:
    """One that cannot be read was good for nobody and costs nothing."""
    try:
        return Checkpoint.model_validate_json(body).usage.billed_tokens if body else 0
    except ValidationError:
        return 0
