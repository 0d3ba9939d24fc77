"""`python -m feuilleton_local.servers kafka|postgres FOLDER ...` becomes that server, in the foreground."""

import argparse
import sys
from pathlib import Path

from feuilleton_local.failures import LocalError
from feuilleton_local.paths import JARS_FOLDER
from feuilleton_local.servers.kafka import become_kafka, properties
from feuilleton_local.servers.postgres import become_postgres


def main() -> None:
    asked = _parser().parse_args()
    try:
        if asked.server == "kafka":
            settings = properties(
                port=asked.port, controller_port=asked.controller_port, advertised_port=asked.advertised_port
            )
            become_kafka(asked.folder, jars=asked.jars, settings=settings, lock_wait_seconds=asked.lock_wait)
        else:
            become_postgres(asked.folder, port=asked.port, lock_wait_seconds=asked.lock_wait)
    except (LocalError, OSError) as failure:
        sys.exit(f"FATAL: {failure}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="feuilleton_local.servers")
    parser.add_argument("server", choices=("kafka", "postgres"))
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--controller-port", type=int, default=0)
    parser.add_argument("--advertised-port", type=int, help="where Kafka's clients connect, if not at --port")
    parser.add_argument("--jars", type=lambda text: Path(text).resolve(), default=JARS_FOLDER)
    parser.add_argument("--lock-wait", type=float, default=15.0, help="seconds to wait for the folder's last user")
    return parser


if __name__ == "__main__":
    main()
