"""The commands of job-control as a set that grows by union and forgets with age. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from feuilleton.contracts.events import CancelJob, DeleteJob, EventData, ExpireJob
from feuilleton.contracts.ids import JobId

CommandKind = Literal["cancel", "expire", "delete"]
KEEP_SECONDS = 14 * 24 * 60 * 60  # as long as the topic keeps them


@dataclass
class Commands:
    """Which attempts were ended by command. Order and duplicates do not matter: commands are a union."""

    _by_attempt: dict[tuple[JobId, int], tuple[CommandKind, float]] = field(default_factory=dict)
    _deleted: dict[JobId, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_attempt) + len(self._deleted)

    def add(self, command: EventData, at: float) -> bool:
        """Take a command in; `at` is its time in epoch seconds. True if it says something new."""
        if isinstance(command, DeleteJob):
            return _remember(self._deleted, command.job, at)
        key = (command.job, command.attempt)
        if isinstance(command, CancelJob | ExpireJob) and key not in self._by_attempt:
            self._by_attempt[key] = ("cancel" if isinstance(command, CancelJob) else "expire", at)
            return True
        return False

    def ended(self, job: JobId, attempt: int) -> CommandKind | None:
        """The command that ends this attempt, None where it may go on. A delete ends every attempt."""
        if job in self._deleted:
            return "delete"
        found = self._by_attempt.get((job, attempt))
        return found[0] if found else None

    def deleted(self, job: JobId) -> bool:
        return job in self._deleted

    def forget(self, now: float) -> None:
        """Drop what is older than the topic keeps: no message of such a job is around any more."""
        oldest = now - KEEP_SECONDS
        self._by_attempt = {key: entry for key, entry in self._by_attempt.items() if entry[1] >= oldest}
        self._deleted = {job: at for job, at in self._deleted.items() if at >= oldest}


def _remember(known: dict[JobId, float], job: JobId, at: float) -> bool:
    if job in known:
        return False
    known[job] = at
    return True
