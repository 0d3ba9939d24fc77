"""A place in a service's work at which its process is to end, set by a test and sprung by the process itself.

The two meet in a folder: the test writes `armed.json` there; the process that comes by renames it to `reached.json`
and dies at once, so a point is sprung by one process, once, and the process that follows runs free of it.
"""

import json
import os
import re
import signal
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

FOLDER_VARIABLE = "FAILPOINT_FOLDER"


class Operation(StrEnum):
    """What a service does that others can see."""

    PUT = "put"  # an object: put, create, put_stream
    MOVE = "move"
    DELETE = "delete"
    PUBLISH = "publish"
    OFFSETS = "offsets"  # a consumer group's commit
    ROWS = "rows"  # a statement of its own, or a transaction


@dataclass(frozen=True)
class Point:
    """The `nth` operation whose target matches. Targets: an object's key; `topic type key` of a message;
    `topic/partition@offset` of each committed partition, with what is written beside it; the SQL of what was committed.

    With `before` the process dies just ahead of it. With `silent` it lives on, and reads no answer to what it publishes
    until it is released; with both it publishes only then.
    """

    operation: Operation
    target: str
    nth: int = 1
    before: bool = False
    silent: bool = False

    def __str__(self) -> str:
        when = "before" if self.before else "after"
        return f"{when} {self.operation} {self.target}" + (f" #{self.nth}" if self.nth > 1 else "")


@dataclass
class Trap:
    """The process's side."""

    folder: Path
    _passed: dict[str, int] = field(default_factory=dict)

    def springs(self, operation: Operation, target: str, *, before: bool = False) -> Point | None:
        """The armed point if this is it. Count each operation once for before, once for after."""
        text = self.armed
        if text is None:
            return None
        point = Point(**json.loads(text))
        if (point.operation, point.before) != (operation, before) or not re.search(point.target, target):
            return None
        self._passed[text] = self._passed.get(text, 0) + 1
        return point if self._passed[text] == point.nth else None

    @property
    def armed(self) -> str | None:
        """What the test wrote down. An operation that began while nothing stood there is none of its business."""
        try:
            return self._armed.read_text("utf-8")
        except FileNotFoundError:
            return None

    def reach(self) -> None:
        self._armed.rename(self.folder / "reached.json")

    def die(self) -> None:
        """As by kill -9 at this very place."""
        self.reach()
        os.kill(os.getpid(), signal.SIGKILL)

    @property
    def released(self) -> bool:
        """Whether the test has done what it wanted while the broker's answer was held."""
        return (self.folder / "released").exists()

    @property
    def _armed(self) -> Path:
        return self.folder / "armed.json"


@dataclass(frozen=True)
class Lever:
    """The test's side."""

    folder: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder)

    def arm(self, point: Point) -> None:
        for name in ("armed.json", "reached.json", "released"):
            (self.folder / name).unlink(missing_ok=True)
        draft = self.folder / "draft.json"
        draft.write_text(json.dumps(asdict(point)), "utf-8")
        draft.rename(self.folder / "armed.json")

    @property
    def reached(self) -> bool:
        return (self.folder / "reached.json").exists()

    def release(self) -> None:
        (self.folder / "released").touch()
