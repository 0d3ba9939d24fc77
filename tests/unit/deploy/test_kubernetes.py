from pathlib import Path
from typing import Literal

import kubernetes_validate
import pytest
import yaml
from pydantic import Field

from extractor.consumer import GROUP as EXTRACTOR_GROUP
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS, JOB_EVENTS, UPLOADS, WORKER_GROUPS, Topic
from merger.handler import SERVICE as MERGER_GROUP
from splitter.handler import SERVICE as SPLITTER_GROUP
from status_api.bootstrap import GROUP as PROJECTOR_GROUP
from status_api.bootstrap import WEBHOOKS_GROUP
from tests.unit.deploy.manifests import (
    BASE,
    CONTAINERS,
    OVERLAYS,
    Strict,
    base_resources,
    kustomization,
    of_kind,
    resource_name,
)
from tests.unit.deploy.services import ROOT, Yaml, ingest_paths, long_running, one_shots, read_all, status_paths

pytestmark = pytest.mark.heavy

KUBERNETES_VERSIONS = ("1.30", "1.33")
OURS = {**long_running(), **one_shots()}
SECRET_KEYS = {
    "API_KEY": "api-key",
    "DATABASE_URL": "database-url",
    "GEMINI_API_KEY": "gemini-api-key",
    "OPENAI_API_KEY": "openai-api-key",
}
BUILT_IN = [found for found in base_resources() if found["kind"] != "ScaledObject"]
SCALED: dict[str, tuple[str, Topic]] = {
    "splitter": (SPLITTER_GROUP, UPLOADS),
    "extractor": (EXTRACTOR_GROUP, CHUNKS),
    "merger": (MERGER_GROUP, CHUNK_RESULTS),
    "projector": (PROJECTOR_GROUP, JOB_EVENTS),
    "webhooks": (WEBHOOKS_GROUP, JOB_EVENTS),
}


def test_the_groups_that_the_sweep_asks_for_are_those_of_the_workers() -> None:
    assert list(WORKER_GROUPS) == [SPLITTER_GROUP, EXTRACTOR_GROUP, MERGER_GROUP]
    assert [topics[0] for topics in WORKER_GROUPS.values()] == [topic for _, topic in list(SCALED.values())[:3]]


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("document", BUILT_IN, ids=resource_name)
def test_a_manifest_is_valid_and_has_no_unknown_field(document: Yaml, version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_every_file_of_the_base_is_applied_once() -> None:
    files = {path.name for path in BASE.iterdir()} - {"kustomization.yaml"}
    listed = kustomization(BASE).resources
    assert sorted(files) == sorted(listed)


def test_no_resource_comes_twice() -> None:
    names = [resource_name(found) for found in base_resources()]
    assert len(names) == len(set(names))


def test_the_cluster_runs_what_the_launcher_runs() -> None:
    assert set(CONTAINERS) == set(OURS)
    assert set(of_kind("Deployment")) == set(long_running())


@pytest.mark.parametrize("name", OURS)
def test_a_container_starts_the_command_of_the_launcher(name: str) -> None:
    assert CONTAINERS[name].arguments == OURS[name].arguments


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_process_reads(name: str) -> None:
    container, process = CONTAINERS[name], OURS[name]
    # The steps of the Job share the services' map, and what they do not read does no harm there.
    shared = {"OBJECT_STORE_URL", "LOG_LEVEL", "LOG_FORMAT"} if name == "topics" else set()
    given = set(container.values) | set(container.secrets)
    assert given - shared <= process.variables
    assert given >= process.required
    assert container.secrets == {name: SECRET_KEYS[name] for name in container.secrets}


@pytest.mark.parametrize("name", [name for name, process in OURS.items() if process.settings])
def test_the_settings_accept_what_they_are_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    process = OURS[name]
    assert process.settings is not None
    for variable in process.variables:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in CONTAINERS[name].values.items():
        monkeypatch.setenv(variable, value)
    for variable in CONTAINERS[name].secrets:
        monkeypatch.setenv(variable, "a-secret-of-sixteen-or-more")
    process.settings()


def test_no_secret_stands_in_the_repository() -> None:
    assert of_kind("Secret") == {}
    for values in kustomization(BASE).config_maps.values():
        assert set(values) & set(SECRET_KEYS) == set()


@pytest.mark.parametrize("name", OURS)
def test_a_container_is_as_restricted_as_the_namespace_demands(name: str) -> None:
    pod, container = CONTAINERS[name].pod, CONTAINERS[name].spec
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    enforced = of_kind("Namespace")["feuilleton"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == "restricted"


@pytest.mark.parametrize("name", OURS)
def test_an_image_is_one_that_a_dockerfile_here_makes(name: str) -> None:
    owner, _, service = CONTAINERS[name].image.partition("/")
    assert owner == "feuilleton"
    assert (ROOT / "services" / service / "Dockerfile").is_file()


@pytest.mark.parametrize("name", long_running())
def test_a_service_is_probed_where_it_answers(name: str) -> None:
    container = CONTAINERS[name].spec
    paths = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
    assert paths["startup"] == paths["liveness"] == {"path": "/livez", "port": "http"}
    assert paths["readiness"] == {"path": "/readyz", "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": 8000}]
    assert container["livenessProbe"]["timeoutSeconds"] > 4  # a probe's own limit


@pytest.mark.parametrize("name", long_running())
def test_labels_selectors_and_budgets_speak_of_the_same_pods(name: str) -> None:
    deployment = of_kind("Deployment")[name]
    labels = {"app.kubernetes.io/name": name}
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert deployment["spec"]["template"]["metadata"]["labels"] == labels
    assert of_kind("PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"] == labels


@pytest.mark.parametrize("name", ["ingest", "status-api"])
def test_a_service_of_the_cluster_leads_to_its_pods(name: str) -> None:
    spec = of_kind("Service")[name]["spec"]
    assert spec["selector"] == {"app.kubernetes.io/name": name}
    assert spec["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]


def test_calls_in_flight_may_end_before_a_pod_is_killed() -> None:
    settings = OURS["extractor"].settings
    assert settings is not None
    grace = of_kind("Deployment")["extractor"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > settings.model_fields["drain_seconds"].default + 10


def test_posts_under_way_may_end_before_a_pod_is_killed() -> None:
    settings = OURS["webhooks"].settings
    assert settings is not None
    grace = of_kind("Deployment")["webhooks"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > settings.model_fields["webhook_timeout_seconds"].default + 10


class KafkaTrigger(Strict):
    """KEDA reads all of these as strings."""

    server_variable: Literal["KAFKA_BOOTSTRAP_SERVERS"] = Field(alias="bootstrapServersFromEnv")
    group: str = Field(alias="consumerGroup")
    topic: str
    reset: Literal["earliest"] = Field(alias="offsetResetPolicy")
    threshold: str = Field(alias="lagThreshold", pattern=r"^[1-9][0-9]*$")
    activation: str = Field(alias="activationLagThreshold", pattern=r"^[0-9]+$")


class Trigger(Strict):
    type: Literal["kafka"]
    metadata: KafkaTrigger


class ScaleTarget(Strict):
    name: str


class ScaleDownPolicy(Strict):
    type: Literal["Percent", "Pods"]
    value: int
    period: int = Field(alias="periodSeconds")


class ScaleDown(Strict):
    window: int = Field(alias="stabilizationWindowSeconds", ge=0, le=3600)
    policies: list[ScaleDownPolicy]


class Behavior(Strict):
    scale_down: ScaleDown = Field(alias="scaleDown")


class Autoscaler(Strict):
    behavior: Behavior


class Advanced(Strict):
    autoscaler: Autoscaler = Field(alias="horizontalPodAutoscalerConfig")


class ScaledObjectSpec(Strict):
    target: ScaleTarget = Field(alias="scaleTargetRef")
    least: int = Field(alias="minReplicaCount")
    most: int = Field(alias="maxReplicaCount")
    polling: int = Field(alias="pollingInterval")
    advanced: Advanced
    triggers: list[Trigger]


def test_what_reads_kafka_in_a_group_is_scaled_on_its_lag() -> None:
    assert set(of_kind("ScaledObject")) == set(SCALED)


@pytest.mark.parametrize("name", SCALED)
def test_scaling_follows_the_group_of_the_code_up_to_the_partitions_of_its_topic(name: str) -> None:
    document = of_kind("ScaledObject")[name]
    assert document["apiVersion"] == "keda.sh/v1alpha1"
    spec = ScaledObjectSpec.model_validate(document["spec"])
    (trigger,) = spec.triggers
    group, topic = SCALED[name]
    assert (trigger.metadata.group, trigger.metadata.topic) == (group, topic.name)
    assert (spec.least, spec.most) == (1, topic.partitions)
    assert spec.target.name == name
    assert trigger.metadata.server_variable in CONTAINERS[name].values
    # KEDA and the Deployment must not both say how many there are.
    assert "replicas" not in of_kind("Deployment")[name]["spec"]


def test_the_extractor_scales_only_above_what_one_process_holds() -> None:
    settings = OURS["extractor"].settings
    assert settings is not None
    spec = ScaledObjectSpec.model_validate(of_kind("ScaledObject")["extractor"]["spec"])
    assert int(spec.triggers[0].metadata.threshold) >= 4 * settings.model_fields["gemini_calls"].default


def backend_of(path: str) -> str | None:
    """Where the Ingress sends a path: an exact rule first, else the longest prefix of whole segments."""
    (rule,) = of_kind("Ingress")["feuilleton"]["spec"]["rules"]
    exact = {entry["path"]: entry for entry in rule["http"]["paths"] if entry["pathType"] == "Exact"}
    prefixes = [entry for entry in rule["http"]["paths"] if entry["pathType"] == "Prefix"]
    fitting = [entry for entry in prefixes if f"{path}/".startswith(f"{entry['path']}/")]
    found = exact.get(path) or max(fitting, key=lambda entry: len(entry["path"]), default=None)
    return None if found is None else str(found["backend"]["service"]["name"])


def test_the_ingress_sends_each_path_to_the_service_that_owns_it() -> None:
    assert {path: backend_of(path) for path in ingest_paths()} == dict.fromkeys(ingest_paths(), "ingest")
    assert {path: backend_of(path) for path in status_paths()} == dict.fromkeys(status_paths(), "status-api")
    assert backend_of("/v1/uploads/some-job/attempts") == "ingest"


def test_probes_and_figures_are_not_public() -> None:
    assert [backend_of(path) for path in ("/livez", "/readyz", "/metrics")] == [None, None, None]


def test_every_backend_is_a_service() -> None:
    (rule,) = of_kind("Ingress")["feuilleton"]["spec"]["rules"]
    backends = [entry["backend"]["service"] for entry in rule["http"]["paths"]]
    assert {backend["name"] for backend in backends} <= set(of_kind("Service"))
    assert {backend["port"]["name"] for backend in backends} == {"http"}


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.name)
def test_an_overlay_changes_only_what_the_base_has(overlay: Path) -> None:
    changed, base = kustomization(overlay), kustomization(BASE)
    assert [(overlay / path).resolve() for path in changed.resources] == [BASE]
    assert {image.name for image in changed.images} == {container.image for container in CONTAINERS.values()}
    for generator in changed.config_map_generator:
        assert generator.behavior == "merge"
        assert set(generator.values) <= set(base.config_maps[generator.name])
    for patch in changed.patches:
        assert f"{patch.target.kind}/{patch.target.name}" in {resource_name(found) for found in base_resources()}
        assert all(set(step) <= {"op", "path", "value"} for step in yaml.safe_load(patch.patch))


def test_a_key_that_comes_twice_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text("spec: {replicas: 1, replicas: 2}\n")
    with pytest.raises(yaml.constructor.ConstructorError):
        read_all(tmp_path / "twice.yaml")
