"""From a log to the one line that says why its process ended."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

_TAIL_BYTES = 64 * 1024
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded")
_EXCEPTION = re.compile(r"^\s*(Caused by: )?([\w$]+\.)*[A-Z]\w*(Error|Exception|Exit|Failure)\b(: .*)?$")
_ALARM = re.compile(r"\b(FATAL|PANIC|CRITICAL|ERROR|Error|error|critical)\b|No module named")
_STACK = re.compile(r"^\s+at |^\s+File \"|^\s*\^+\s*$")


def telling_line(lines: Sequence[str]) -> str | None:
    """The line that names the cause: a full disk, else the last exception, else the last alarm, else the last line."""
    plain = [_ANSI.sub("", line).rstrip() for line in lines]
    for line in plain:
        if _DISK_FULL.search(line):
            return f"the disk is full: {line.strip()}"
    # What is said after an exception ("startup failed", "unclosed connection") is mostly its echo.
    for told_by in (_told_by_exception, _told_by_alarm):
        for index in range(len(plain) - 1, -1, -1):
            told = told_by(plain, index)
            if told:
                return told
    return next((line.strip() for line in reversed(plain) if line.strip()), None)


def cause_in(log: Path, *, since_byte: int = 0) -> str:
    """The telling line of what a log says from `since_byte` on; of the whole when it was rotated since."""
    return telling_line(_tail_of(log, since_byte)) or "it said nothing"


def exception_in(log: Path, *, since_byte: int) -> str | None:
    """The last exception that a log tells of from `since_byte` on; a service that answers goes on after one."""
    lines = [_ANSI.sub("", line).rstrip() for line in _tail_of(log, since_byte)]
    found = (_told_by_exception(lines, index) for index in range(len(lines) - 1, -1, -1))
    return next((told for told in found if told), None)


def size_of(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _tail_of(log: Path, since_byte: int) -> list[str]:
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(since_byte if since_byte <= end else 0, end - _TAIL_BYTES))
            return file.read().decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _told_by_exception(lines: Sequence[str], index: int) -> str | None:
    line = lines[index]
    if line.startswith("{"):
        return _told_by_json(line)
    if not _EXCEPTION.match(line):
        return None
    # A pydantic error names the field and what is wrong with it in the two lines that follow.
    rest = lines[index + 1 : index + 3] if "validation error" in line else []
    return " ".join(part.strip() for part in [line, *rest])


def _told_by_alarm(lines: Sequence[str], index: int) -> str | None:
    line = lines[index]
    return line.strip() if _ALARM.search(line) and not _STACK.match(line) else None


def _told_by_json(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("level") not in ("error", "critical"):
        return None
    exception = str(entry.get("exception") or "").strip().splitlines()
    detail = entry.get("error") or entry.get("detail") or (exception[-1] if exception else None)
    return f"{entry.get('event')}: {detail}" if detail else str(entry.get("event"))
