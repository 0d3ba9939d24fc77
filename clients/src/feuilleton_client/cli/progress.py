"""What a user sees while waiting. Always on stderr, so that stdout holds results alone."""

import sys
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from feuilleton_client.cli.wording import bytes_text, printable, progress_text
from feuilleton_client.models import Job

REUSED = "completed before with the same settings, at no cost now; --anew makes a new job"
PLAIN_STEP_PERCENT = 10  # a log file wants some lines a job, not one for each chunk


class ProgressView(Protocol):
    def sending(self, sent: int, total: int) -> None:
        """`sent` of `total` bytes have left."""
        ...

    def accepted(self, job: Job) -> None:
        """The job that answers the upload."""
        ...

    def seen(self, job: Job) -> None:
        """The job looks like this now."""
        ...

    def waiting(self, cause: Exception, delay_seconds: float) -> None:
        """A try failed; the next one comes after the delay."""
        ...

    def close(self) -> None:
        """Nothing more will change. May be called twice."""
        ...


class SilentProgress:
    """For --json: stderr carries errors alone."""

    def sending(self, sent: int, total: int) -> None: ...

    def accepted(self, job: Job) -> None: ...

    def seen(self, job: Job) -> None: ...

    def waiting(self, cause: Exception, delay_seconds: float) -> None: ...

    def close(self) -> None: ...


class PlainProgress:
    """A line for each new state and each ten percent."""

    def __init__(self) -> None:
        self._said: tuple[str, int] | None = None

    def sending(self, sent: int, total: int) -> None:
        """Nothing: an upload is short beside the job."""

    def accepted(self, job: Job) -> None:
        if job.reused:
            self._say(REUSED)

    def seen(self, job: Job) -> None:
        step = (job.status.value, job.progress_percent // PLAIN_STEP_PERCENT)
        if step != self._said:
            self._said = step
            self._say(f"{job.progress_percent:3d} % {progress_text(job)}")

    def waiting(self, cause: Exception, delay_seconds: float) -> None:
        self._say(f"{printable(str(cause))}; trying again in {delay_seconds:.0f} s")

    def close(self) -> None: ...

    def _say(self, line: str) -> None:
        sys.stderr.write(line + "\n")


class LiveProgress:
    """One live bar on a terminal: first for the upload, then for the job."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._task: TaskID | None = None

    def sending(self, sent: int, total: int) -> None:
        percent = 100 * sent / total if total else 100.0
        self._show("Uploading", percent, f"{bytes_text(sent)} of {bytes_text(total)}")

    def accepted(self, job: Job) -> None:
        if job.reused:
            self._console.print(REUSED)

    def seen(self, job: Job) -> None:
        self._show(printable(job.name) or "Job", job.progress_percent, progress_text(job))

    def waiting(self, cause: Exception, delay_seconds: float) -> None:
        self._console.print(f"{printable(str(cause))}; trying again in {delay_seconds:.0f} s", markup=False)

    def close(self) -> None:
        self._bars.stop()

    def _show(self, description: str, percent: float, note: str) -> None:
        if self._task is None:
            self._bars.start()
            self._task = self._bars.add_task(description, total=100.0, note=note)
        self._bars.update(self._task, description=description, completed=percent, note=note)


def progress_for(*, as_json: bool) -> ProgressView:
    if as_json:
        return SilentProgress()
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()
