"""`python -m feuilleton_local`: what the Makefile's up, down, ps, logs, topics and demo run."""

import argparse
import errno
import signal
import sys
from collections.abc import Callable
from types import FrameType

from feuilleton_local.failures import LocalError
from feuilleton_local.machine import disk_is_full
from feuilleton_local.parent_death import die_with_parent
from feuilleton_local.settings import LocalSettings, load_settings

_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> int:
    asked = _parser().parse_args()
    if getattr(asked, "end_with_parent", False):
        die_with_parent(signal.SIGTERM)
    # A closed terminal and a kill end in order, as Ctrl-C does.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        return _run(asked.run, asked)
    except LocalError as failure:
        sys.stderr.write(f"feuilleton: {failure}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(command: Callable[[argparse.Namespace, LocalSettings], int], asked: argparse.Namespace) -> int:
    settings = load_settings()
    try:
        return command(asked, settings)
    except LocalError as failure:
        if disk_is_full(settings.paths) and "disk is full" not in failure.cause:
            raise LocalError(f"the disk is full, so {failure.cause}", log=failure.log) from failure
        raise
    except OSError as failure:
        cause = "the disk is full" if failure.errno in _FULL else failure.strerror
        raise LocalError(f"{cause}: {failure.filename or failure}") from failure


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    from feuilleton_local import commands  # noqa: PLC0415 - signals are answered while this is imported

    parser = argparse.ArgumentParser(prog="feuilleton_local")
    parsers = parser.add_subparsers(required=True)
    for name in ("up", "down", "topics"):
        parsers.add_parser(name).set_defaults(run=getattr(commands, name))
    demo = parsers.add_parser("demo")
    demo.add_argument("--end-with-parent", action="store_true", help="stop everything when the parent dies")
    demo.set_defaults(run=commands.demo)
    ps = parsers.add_parser("ps")
    ps.add_argument("--quiet", action="store_true", help="only the status: 0 when the system runs")
    ps.set_defaults(run=commands.ps)
    logs = parsers.add_parser("logs")
    logs.add_argument("service", nargs="*")
    logs.set_defaults(run=commands.logs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
