"""The topics: partitions are fixed for life, because keys must keep their partition."""

from dataclasses import dataclass

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    """`retention_ms` is the age at which a closed segment goes; `segment_ms` how long one stays open."""

    name: str
    partitions: int
    retention_ms: int
    segment_ms: int | None = None
    log_append_time: bool = False
    max_message_bytes: int = 1_000_000

    def config(self) -> dict[str, str]:
        """The topic's settings as Kafka names them."""
        entries = {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.segment_ms is not None:
            entries["segment.ms"] = str(self.segment_ms)
        if self.log_append_time:
            entries["message.timestamp.type"] = "LogAppendTime"
        return entries


UPLOADS = Topic("uploads", 6, 7 * DAY_MS, segment_ms=DAY_MS)
CHUNKS = Topic("chunks", 24, 7 * DAY_MS, segment_ms=DAY_MS)
CHUNK_RESULTS = Topic("chunk-results", 12, 7 * DAY_MS)
JOB_EVENTS = Topic("job-events", 12, 365 * DAY_MS, log_append_time=True)
JOB_CONTROL = Topic("job-control", 12, 14 * DAY_MS)
DEAD_LETTERS = Topic("dead-letters", 3, 7 * DAY_MS, segment_ms=DAY_MS, max_message_bytes=1_100_000)

WORKER_GROUPS: dict[str, tuple[Topic, ...]] = {
    "splitter": (UPLOADS,),
    "extractor": (CHUNKS,),
    "merger": (CHUNK_RESULTS, JOB_CONTROL),
}
"""The consumer groups that carry jobs on, by name (without the deployment's prefix), and what each reads."""

ALL_TOPICS = (UPLOADS, CHUNKS, CHUNK_RESULTS, JOB_EVENTS, JOB_CONTROL, DEAD_LETTERS)
