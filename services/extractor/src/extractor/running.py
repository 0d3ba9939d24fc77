"""A chunk message at work."""

import asyncio
import time
from dataclasses import dataclass, field

from extractor.window import Waiting
from feuilleton.contracts.events import Received


@dataclass(eq=False)
class Running:
    """`held_until` (monotonic): nobody here begins the chunk before, because another member works on it or because it
    is not yet due; it takes no place. `leaving` is set while the partition belongs to another member: the work is
    given up when its time is up. `commanded` says that a command stopped it; once `concluding` nothing does.
    `given_up`: this process has cancelled it, and if `again`, to begin anew. `put_back`: a copy at the tail stands for
    the message.
    """

    item: Waiting
    held_until: float | None = None
    began_at: float = field(default_factory=time.monotonic)
    received: Received | None = None
    leaving: asyncio.TimerHandle | None = None
    task: "asyncio.Task[None] | None" = None
    commanded: bool = False
    concluding: bool = False
    given_up: bool = False
    again: bool = False
    put_back: bool = False

    def is_copy_of(self, other: "Running") -> bool:
        """Whether both are messages of one chunk and attempt in one partition."""
        mine, theirs = self.item, other.item
        return (mine.partition, mine.job, mine.index, mine.attempt) == (
            theirs.partition,
            theirs.job,
            theirs.index,
            theirs.attempt,
        )

    def leave(self, seconds: float) -> None:
        """Go on for so long at most."""
        if self.leaving is None:
            self.leaving = asyncio.get_running_loop().call_later(seconds, self._give_up_unless_concluding)

    def give_up(self) -> None:
        self.given_up = True
        if self.task is not None:
            self.task.cancel()

    def begin_again(self) -> None:
        """What became of the chunk, or who works on it, is to be looked up anew."""
        self.again = True
        self.give_up()

    def _give_up_unless_concluding(self) -> None:
        if not self.concluding:
            self.give_up()
