"""What the code says of each process that is deployed: the deploy files are held against this."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic_settings import BaseSettings

from extractor.settings import Settings as ExtractorSettings
from feuilleton.streaming import admin
from feuilleton_local.preparation import MIGRATIONS, TOPICS
from feuilleton_local.settings import LocalSettings
from feuilleton_local.supervision.processes import Group, processes
from ingest.settings import IngestSettings
from merger.settings import Settings as MergerSettings
from splitter.settings import Settings as SplitterSettings
from status_api.routes.page import Page
from status_api.settings import MigrateSettings, ProjectorSettings, StatusApiSettings, WebhooksSettings

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = ROOT / "docs" / "openapi"  # held against what is served by tests of their own

Yaml = dict[str, Any]


class NoDuplicates(yaml.SafeLoader):
    """YAML as a reader means it: a key that comes twice is an error, not a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [self.construct_object(key) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if len(keys) != len(set(keys)):
            raise yaml.constructor.ConstructorError(None, None, f"a key comes twice in {keys}", node.start_mark)
        return cast("dict[Any, Any]", super().construct_mapping(node, deep))


def read_all(path: Path) -> list[Yaml]:
    return list(yaml.load_all(path.read_text("utf-8"), NoDuplicates))


def read_one(path: Path) -> Yaml:
    (document,) = read_all(path)
    return document


@dataclass(frozen=True)
class Process:
    """`arguments` follow `python -m`; `settings` reads its environment (None: only the names `reads`)."""

    arguments: tuple[str, ...]
    settings: type[BaseSettings] | None
    reads: frozenset[str] = frozenset()

    @property
    def variables(self) -> frozenset[str]:
        """The names of the environment that it reads."""
        fields = self.settings.model_fields if self.settings else ()
        return self.reads | {name.upper() for name in fields}

    @property
    def required(self) -> frozenset[str]:
        fields = self.settings.model_fields if self.settings else {}
        return frozenset(name.upper() for name, field in fields.items() if field.is_required())


_SETTINGS: dict[str, type[BaseSettings]] = {
    "ingest": IngestSettings,
    "splitter": SplitterSettings,
    "extractor": ExtractorSettings,
    "merger": MergerSettings,
    "status-api": StatusApiSettings,
    "projector": ProjectorSettings,
    "webhooks": WebhooksSettings,
}
_STEP_SETTINGS: dict[str, type[BaseSettings]] = {"migrate-ingest": IngestSettings, "migrate-status": MigrateSettings}


def long_running() -> dict[str, Process]:
    """The services of the launcher's table, by name."""
    table = [process for process in processes(LocalSettings()) if process.group is Group.SERVICES]
    return {
        process.name: Process(process.command[process.command.index("-m") + 1 :], _SETTINGS[process.name])
        for process in table
    }


def one_shots() -> dict[str, Process]:
    """What the launcher runs before the services."""
    reads = frozenset(re.findall(r'os\.environ\.get\("(\w+)"', Path(admin.__file__).read_text("utf-8")))
    assert "KAFKA_BOOTSTRAP_SERVERS" in reads
    migrations = {step.name: Process(step.module, _STEP_SETTINGS[step.name]) for step in MIGRATIONS}
    return {TOPICS.name: Process(TOPICS.module, None, reads), **migrations}


def ingest_paths() -> set[str]:
    """The public paths of ingest, with its templates."""
    return set(json.loads((DOCUMENTS / "ingest.json").read_text("utf-8"))["paths"])


def status_paths() -> set[str]:
    document = json.loads((DOCUMENTS / "status-api.json").read_text("utf-8"))
    page = {str(getattr(route, "path", "")) for route in Page("").router().routes}
    return page | set(document["paths"])
