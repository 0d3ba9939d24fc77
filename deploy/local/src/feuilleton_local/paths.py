import os
from dataclasses import dataclass
from pathlib import Path

# This package is only ever used from a checkout, so its own place tells where the checkout is.
PROJECT_ROOT = Path(__file__).resolve().parents[4]
JARS_FOLDER = PROJECT_ROOT / ".jgo"


@dataclass(frozen=True)
class LocalPaths:
    """Where one local system keeps what it stores, says and runs on. Nothing is written outside `home`."""

    home: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def objects(self) -> Path:
        return self.data / "objects"

    @property
    def api_key(self) -> Path:
        return self.home / "api-key"

    @property
    def client_env(self) -> Path:
        return self.home / "client.env"

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make_folders(self) -> None:
        for folder in (self.data, self.logs, self.run, self.objects):
            folder.mkdir(parents=True, exist_ok=True)


def shown(path: Path) -> str:
    """The path as a person in the checkout would type it."""
    try:
        return os.fspath(path.relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(path)
