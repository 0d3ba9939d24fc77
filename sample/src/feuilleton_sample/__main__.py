"""`python -m feuilleton_sample OUT.pdf` typesets the sample novel."""

import sys
from pathlib import Path

from feuilleton_sample.typeset import typeset_sample


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m feuilleton_sample OUT.pdf", file=sys.stderr)
        return 2
    Path(arguments[0]).write_bytes(typeset_sample())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
