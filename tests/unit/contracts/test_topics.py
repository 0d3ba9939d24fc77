from datetime import timedelta
from pathlib import Path

from feuilleton.contracts.topics import ALL_TOPICS, CHUNKS, DEAD_LETTERS, UPLOADS

PAGE = Path(__file__).parents[3] / "docs/retention.md"


def test_partitions_never_change_because_keys_must_keep_theirs() -> None:
    assert {topic.name: topic.partitions for topic in ALL_TOPICS} == {
        "uploads": 6,
        "chunks": 24,
        "chunk-results": 12,
        "job-events": 12,
        "job-control": 12,
        "dead-letters": 3,
    }


def test_what_may_hold_a_books_text_is_gone_after_eight_days_as_the_docs_say() -> None:
    for topic in (UPLOADS, CHUNKS, DEAD_LETTERS):
        config = topic.config()
        longest = timedelta(milliseconds=int(config["retention.ms"]) + int(config["segment.ms"]))
        assert longest == timedelta(days=8), topic.name
    assert PAGE.read_text().count("about 8 days") == 2


def test_every_topic_stands_on_the_page_of_what_is_kept() -> None:
    text = PAGE.read_text()
    assert [topic.name for topic in ALL_TOPICS if f"`{topic.name}`" not in text] == []


def test_a_dead_letter_has_room_for_the_largest_message_and_its_headers() -> None:
    assert DEAD_LETTERS.max_message_bytes > max(
        topic.max_message_bytes for topic in ALL_TOPICS if topic != DEAD_LETTERS
    )
