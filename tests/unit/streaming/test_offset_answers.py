"""A group whose coordinator is not ready has offsets all the same."""

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupLoadInProgressError, NotCoordinatorForGroupError
from aiokafka.protocol.commit import (
    OffsetFetchRequest,
    OffsetFetchResponse_v1,
    OffsetFetchResponse_v2,
    OffsetFetchResponse_v3,
)

import feuilleton.streaming  # noqa: F401 (importing any part of it is what counts)

KAFKA_4_1 = {OffsetFetchRequest.API_KEY: (1, 10)}
PART = TopicPartition("chunks", 3)


class Member:
    """What the client's code needs of a group's member, whose coordinator answers with an error, as Kafka 4.1 does."""

    group_id = "extractor"

    def __init__(self, error_code: int) -> None:
        self._error_code = error_code
        self.coordinator_is_dead = False

    def coordinator_dead(self) -> None:
        self.coordinator_is_dead = True

    async def _send_req(self, request: OffsetFetchRequest) -> object:
        version = request.prepare(KAFKA_4_1).API_VERSION
        if version == 1:
            return OffsetFetchResponse_v1([(PART.topic, [(PART.partition, -1, "", self._error_code)])])
        if version == 2:
            return OffsetFetchResponse_v2([], self._error_code)
        return OffsetFetchResponse_v3(0, [], self._error_code)


@pytest.mark.parametrize(("code", "error"), [(14, GroupLoadInProgressError), (16, NotCoordinatorForGroupError)])
async def test_a_coordinator_that_is_not_ready_is_asked_again_and_not_taken_for_one_without_offsets(
    code: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await GroupCoordinator._do_fetch_commit_offsets(Member(code), [PART])


async def test_a_partition_without_an_offset_still_has_none() -> None:
    assert await GroupCoordinator._do_fetch_commit_offsets(Member(0), [PART]) == {}
