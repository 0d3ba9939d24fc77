from pathlib import Path


class LocalError(Exception):
    """What a person has to know, in one line: the cause, the way out, and the log that tells more."""

    def __init__(self, cause: str, *, log: Path | None = None) -> None:
        self.cause = cause
        self.log = log
        super().__init__(cause if log is None else f"{cause} (log: {log})")


class ServerFailedError(LocalError):
    """A server or service ended, or did not answer in time."""


class FolderLockedError(LocalError):
    """Another process works on the same data folder."""


class PortTakenError(LocalError):
    pass
