"""aiokafka 0.14 asks for a group's offsets in a version in which the broker tells an error of the whole group beside
the partitions, and reads the partitions alone. So while a coordinator was still loading, after a restart of the broker,
a group seemed to have no offsets: its members began again at the beginning of their topics, and committed that.

Importing this module has it ask for named partitions in the last version that tells every error with its partitions,
which it obeys.
"""

from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchRequest_v1, OffsetFetchRequestStruct

_prepare = OffsetFetchRequest.prepare


def _prepare_by_partition(
    request: OffsetFetchRequest, versions: dict[int, tuple[int, int]]
) -> OffsetFetchRequestStruct:
    if request._partitions is None:  # noqa: SLF001 (all of them can only be asked for in a later version)
        return _prepare(request, versions)
    return request.build(OffsetFetchRequest_v1)


OffsetFetchRequest.prepare = _prepare_by_partition
