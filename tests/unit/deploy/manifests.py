"""The kustomize base as Python sees it: strict enough to notice what `kustomize build` would refuse."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tests.unit.deploy.services import ROOT, Yaml, read_all, read_one

BASE = ROOT / "deploy/k8s/base"
OVERLAYS = sorted((ROOT / "deploy/k8s/overlays").iterdir())


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Generator(Strict):
    name: str
    literals: list[str]
    behavior: Literal["create", "merge"] = "create"

    @property
    def values(self) -> dict[str, str]:
        return dict(literal.split("=", 1) for literal in self.literals)


class Labels(Strict):
    pairs: dict[str, str]


class Image(Strict):
    name: str
    new_name: str = Field(alias="newName")
    new_tag: str = Field(alias="newTag")


class Target(Strict):
    kind: str
    name: str


class Patch(Strict):
    target: Target
    patch: str


class Kustomization(Strict):
    """Only the parts of the format that are used here: a new one is a reason to look at these tests again."""

    api_version: Literal["kustomize.config.k8s.io/v1beta1"] = Field(alias="apiVersion")
    kind: Literal["Kustomization"]
    namespace: str
    resources: list[str]
    labels: list[Labels] = []
    config_map_generator: list[Generator] = Field(default=[], alias="configMapGenerator")
    images: list[Image] = []
    patches: list[Patch] = []

    @property
    def config_maps(self) -> dict[str, dict[str, str]]:
        return {generator.name: generator.values for generator in self.config_map_generator}


def kustomization(folder: Path) -> Kustomization:
    return Kustomization.model_validate(read_one(folder / "kustomization.yaml"))


def base_resources() -> list[Yaml]:
    return [document for name in kustomization(BASE).resources for document in read_all(BASE / name)]


def resource_name(document: Yaml) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def of_kind(kind: str) -> dict[str, Yaml]:
    return {found["metadata"]["name"]: found for found in base_resources() if found["kind"] == kind}


@dataclass(frozen=True)
class Container:
    """A container that runs one of our processes, and the pod around it."""

    name: str
    spec: dict[str, Any]
    pod: dict[str, Any]

    @property
    def image(self) -> str:
        return str(self.spec["image"])

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows `python -m`."""
        if "command" in self.spec:
            assert self.spec["command"][:2] == ["python", "-m"]
            return tuple(self.spec["command"][2:])
        dockerfile = (ROOT / "services" / self.image.removeprefix("feuilleton/") / "Dockerfile").read_text("utf-8")
        (entrypoint,) = re.findall(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE)
        return (*re.findall(r'"([^"]+)"', entrypoint)[2:], *self.spec.get("args", ()))

    @property
    def values(self) -> dict[str, str]:
        """Variables with the value that stands in the repository."""
        maps = kustomization(BASE).config_maps
        found = {}
        for source in self.spec.get("envFrom", ()):
            if "configMapRef" in source:
                found.update(maps[source["configMapRef"]["name"]])
        return found | {entry["name"]: entry["value"] for entry in self.spec.get("env", ()) if "value" in entry}

    @property
    def secrets(self) -> dict[str, str]:
        """Variables that come from the Secret `feuilleton`, with their key in it."""
        found = {}
        for entry in self.spec.get("env", ()):
            if "valueFrom" in entry:
                reference = entry["valueFrom"]["secretKeyRef"]
                assert reference["name"] == "feuilleton"
                found[entry["name"]] = reference["key"]
        return found


def containers() -> Iterator[Container]:
    """Every container of every Deployment and Job."""
    for document in base_resources():
        if document["kind"] in {"Deployment", "Job"}:
            pod = document["spec"]["template"]["spec"]
            for spec in (*pod.get("initContainers", ()), *pod["containers"]):
                yield Container(spec["name"], spec, pod)


CONTAINERS = {container.name: container for container in containers()}
