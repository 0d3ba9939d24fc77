"""Dead letters: which there are, and putting them back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from feuilleton.contracts.errors import TransientError
from feuilleton.streaming.dead_letter_replay import DeadLetter, read_letters, to_replay
from feuilleton.streaming.kafka import KafkaPublisher
from feuilleton_client.errors import UnavailableError
from feuilleton_client.operations.settings import OperatorSettings


@dataclass(frozen=True)
class Choice:
    """Which letters are meant; what is None or empty does not matter."""

    ids: Collection[str] = ()
    reason: str | None = None
    service: str | None = None
    job: str | None = None

    def takes(self, letter: DeadLetter) -> bool:
        job = letter.origin.job if letter.origin else None
        return (
            (not self.ids or letter.id in self.ids)
            and self.reason in (None, letter.reason)
            and self.service in (None, letter.service)
            and self.job in (None, job)
        )


async def find_letters(settings: OperatorSettings, choice: Choice) -> list[DeadLetter]:
    """The oldest first. Raises UnavailableError."""
    try:
        letters = await read_letters(settings.kafka_bootstrap_servers, prefix=settings.kafka_prefix)
    except TransientError as exc:
        raise UnavailableError(str(exc)) from exc
    return [letter for letter in letters if choice.takes(letter)]


async def replay(settings: OperatorSettings, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Publish the messages of these letters to the topics that they came from, each once; returns which.

    Safe to repeat: consumers know an event by its id. Raises UnavailableError; then some may be published.
    """
    chosen = to_replay(letters)
    publisher = KafkaPublisher(
        settings.kafka_bootstrap_servers, client_id="feuilleton-ops", prefix=settings.kafka_prefix
    )
    try:
        await publisher.start()
        await publisher.publish_all([message for _, message in chosen])
    except TransientError as exc:
        raise UnavailableError(f"the broker does not answer: {exc}") from exc
    finally:
        await publisher.stop()
    return [letter for letter, _ in chosen]
