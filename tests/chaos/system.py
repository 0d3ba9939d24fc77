"""The servers and two replicas of each service, behind links, and what starts them again as Kubernetes would."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from feuilleton.streaming.admin import create_topics
from feuilleton_local.parent_death import bound_to_parent
from feuilleton_local.paths import JARS_FOLDER
from feuilleton_local.ports import LOOPBACK, free_ports
from feuilleton_local.servers.jars import fetch_jars
from feuilleton_local.servers.running import LocalServer, kafka_server, postgres_server
from tests.chaos.links import Net
from tests.chaos.plan import REPLICAS, SERVICES, label
from tests.chaos.store_server import BUCKET
from tests.stack import Service, environment, migrate

GRACE_SECONDS = 60.0  # between SIGTERM and SIGKILL
HUNG = ("not alive", "outlived its grace time")
_PROBE_SECONDS = 5.0
_LIVENESS_SECONDS = 35.0  # without an answer of /livez: the platform would kill
_BACKOFF_SECONDS = (1.0, 2.0, 4.0, 8.0)
_STEADY_SECONDS = 30.0  # who ran for so long begins the backoff anew

SETTINGS = {
    "ENGINES": "gemini",
    "LOCAL_WORKERS": "0",
    "GEMINI_TIMEOUT_SECONDS": "15",
    "GEMINI_CALLS": "16",
    "HANDOVER_SECONDS": "20",
    "DRAIN_SECONDS": "10",
    "CHUNK_DEADLINE_SECONDS": "300",
    "DELETED_SWEEP_SECONDS": "20",
    "SPLITTER_WORKERS": "1",
    "PDF_WORKERS": "1",
    "WEBHOOK_PLAIN_HTTP": "true",
    "WEBHOOK_PERMITTED_NETWORKS": "127.0.0.0/8",
    "WEBHOOK_TIMEOUT_SECONDS": "4",
    "WEBHOOK_LEASE_SECONDS": "10",
    "WEBHOOK_FIRST_GAP_SECONDS": "0.5",
    "WEBHOOK_LONGEST_GAP_SECONDS": "3",
}
"""Where they differ from the defaults."""


@dataclass
class Life:
    """One process of a replica. `lost` are the spans (wall seconds) in which it could lose its partitions."""

    name: str
    began_at: float
    ended_at: float | None = None
    cause: str = ""
    status: int | None = None
    lost: list[tuple[float, float, str]] = field(default_factory=list)


@dataclass
class Replica:
    """A place in which one process at a time runs."""

    label: str
    service: Service
    lives: list[Life] = field(default_factory=list)
    restart_at: float | None = None
    down_seconds: float | None = None
    doom: str = ""
    kill_at: float = float("inf")
    frozen: bool = False
    quick_ends: int = 0
    live_at: float = 0.0

    @property
    def runs(self) -> bool:
        return self.service.process is not None and self.service.process.poll() is None

    @property
    def may_be_struck(self) -> bool:
        """Whether it runs, and nothing is being done to it."""
        return self.runs and not self.doom and not self.frozen

    @property
    def life(self) -> Life:
        return self.lives[-1]

    def start(self) -> None:
        now = time.time()
        self.lives.append(Life(f"{self.label}.{len(self.lives)}", now))
        # The key tells the model which process calls.
        self.service.env["GEMINI_API_KEY"] = self.life.name
        self.service.start()
        self.restart_at, self.doom, self.kill_at, self.down_seconds = None, "", float("inf"), None
        self.live_at = time.monotonic()

    def end(self, cause: str, down_seconds: float) -> None:
        """Send the signal; when the process is gone it is started again after `down_seconds`."""
        assert self.service.process is not None
        self.doom, self.down_seconds = cause, down_seconds
        if cause == "SIGTERM":
            self.kill_at = time.monotonic() + GRACE_SECONDS
            # It has told others of its work, and until when it is theirs to wait.
            told_until = time.time() + float(SETTINGS["DRAIN_SECONDS"]) - 0.5
            self.life.lost.append((told_until, float("inf"), "SIGTERM"))
            self.service.process.send_signal(signal.SIGTERM)
        else:
            self.service.process.kill()

    def freeze(self) -> None:
        self.frozen = True
        os.kill(self.service.pid, signal.SIGSTOP)
        self.life.lost.append((time.time(), float("inf"), "SIGSTOP"))

    def thaw(self) -> None:
        self.frozen = False
        self.live_at = time.monotonic()
        if self.runs:
            os.kill(self.service.pid, signal.SIGCONT)
            began, _, why = self.life.lost.pop()
            self.life.lost.append((began, time.time(), why))


class System:
    """Everything of one campaign on this machine, except the users. Use it from the main thread."""

    def __init__(self, folder: Path, net: Net) -> None:
        self.folder = folder
        self.net = net
        ports = free_ports(4 + REPLICAS * len(SERVICES))
        self._link_ports = dict(zip((*SERVERS_LINKED, "ingest", "status-api"), free_ports(5), strict=True))
        self.model_port, store_port = ports[0], ports[1]
        self.servers = {
            "kafka": kafka_server(folder / "kafka", advertised_port=self._link_ports["kafka"]),
            "postgres": postgres_server(folder / "postgres"),
            "store": store_server(folder / "store", store_port),
        }
        self.kafka = f"{LOOPBACK}:{self._link_ports['kafka']}"
        self.database_url = _with_port(self.servers["postgres"].address, self._link_ports["postgres"])
        self.env = self._environment()
        self.replicas = {
            label(name, number): self._replica(name, label(name, number), ports[4 + place * REPLICAS + number])
            for place, name in enumerate(SERVICES)
            for number in range(REPLICAS)
        }
        self.unplanned: Counter[str] = Counter()
        self.diary = folder / "diary.txt"

    @property
    def objects(self) -> Path:
        """The folder in which the store keeps its objects as files."""
        return self.folder / "store" / BUCKET

    @property
    def ingest_url(self) -> str:
        return f"http://{LOOPBACK}:{self._link_ports['ingest']}"

    @property
    def status_url(self) -> str:
        return f"http://{LOOPBACK}:{self._link_ports['status-api']}"

    def note(self, text: str) -> None:
        with self.diary.open("a") as diary:
            diary.write(f"{time.time():.2f} {time.strftime('%H:%M:%S')} {text}\n")

    def start(self) -> None:
        """Servers, topics, schemas, then all replicas at once; returns when each is ready."""
        for name in SERVERS_LINKED:
            port = urlsplit(f"//{self.servers[name].address.rpartition('//')[2]}").port
            assert port is not None
            self.net.add(name, self._link_ports[name], [port])
        for server in self.servers.values():
            server.spawn()
        for server in self.servers.values():
            server.wait_until_ready()
        self.net.run(create_topics(self.kafka))
        migrate(self.env)
        for replica in self.replicas.values():
            replica.start()
        for replica in self.replicas.values():
            replica.service.wait_ready(120)
        for name in ("ingest", "status-api"):
            targets = [self.replicas[label(name, number)].service.port for number in range(REPLICAS)]
            self.net.add(name, self._link_ports[name], targets)

    def tend(self) -> None:
        """Start again what ended, kill what does not live. Call it several times a second."""
        for replica in self.replicas.values():
            if replica.runs:
                self._watch(replica)
            elif replica.restart_at is None:
                self._bury(replica)
            elif time.monotonic() >= replica.restart_at:
                replica.start()
                self.note(f"{replica.label} started as {replica.life.name}, pid {replica.service.pid}")

    def steady(self) -> bool:
        """Whether every replica runs and is ready."""
        return all(replica.runs and _answers(replica, "readyz") for replica in self.replicas.values())

    def lives(self) -> Iterator[Life]:
        for replica in self.replicas.values():
            yield from replica.lives

    def stop(self) -> None:
        for replica in self.replicas.values():
            if replica.runs:
                replica.service.process.send_signal(signal.SIGCONT)  # type: ignore[union-attr]
                replica.service.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
        for replica in self.replicas.values():
            with suppress(Exception):
                replica.service.stop()
        for server in self.servers.values():
            server.stop()

    def _watch(self, replica: Replica) -> None:
        now = time.monotonic()
        if now > replica.kill_at:
            self.unplanned[f"{replica.service.name}: outlived its grace time"] += 1
            self.note(f"{replica.label} outlived its grace time")
            replica.end("grace time over", replica.down_seconds or 1.0)
            replica.kill_at = float("inf")
        elif now - replica.live_at > _LIVENESS_SECONDS and not replica.frozen:
            self.unplanned[f"{replica.service.name}: not alive"] += 1
            self.note(f"{replica.label} did not answer /livez")
            replica.end("not alive", 1.0)
            replica.live_at = now

    def _bury(self, replica: Replica) -> None:
        """Note how it ended, and when it is started again."""
        assert replica.service.process is not None
        life, status = replica.life, replica.service.process.poll()
        life.ended_at, life.status = time.time(), status
        life.cause = replica.doom or f"exit {status}"
        if replica.doom == "SIGTERM" and status != 0:
            life.cause = f"SIGTERM, exit {status}"
        replica.frozen = False
        planned = replica.doom and (replica.doom != "SIGTERM" or status == 0)
        if not planned:
            self.unplanned[f"{replica.service.name}: {life.cause}"] += 1
        self.note(f"{life.name} ended: {life.cause} (status {status})")
        wait = replica.down_seconds
        if wait is None:
            steady = life.ended_at - life.began_at > _STEADY_SECONDS
            replica.quick_ends = 0 if steady else replica.quick_ends + 1
            wait = _BACKOFF_SECONDS[min(replica.quick_ends, len(_BACKOFF_SECONDS) - 1)]
        replica.restart_at = time.monotonic() + wait

    def _environment(self) -> dict[str, str]:
        env = environment(
            kafka=self.kafka,
            prefix="",
            database_url=self.database_url,
            object_store_url=f"s3://{BUCKET}",
            **SETTINGS,
        )
        return env | {
            "GEMINI_API_KEY": "set at each start",
            "GEMINI_BASE_URL": f"http://{LOOPBACK}:{self.model_port}",
            "AWS_ENDPOINT": f"http://{LOOPBACK}:{self._link_ports['store']}",
            "AWS_ACCESS_KEY_ID": "chaos",
            "AWS_SECRET_ACCESS_KEY": "chaos",
            "AWS_REGION": "us-east-1",
        }

    def _replica(self, name: str, title: str, port: int) -> Replica:
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        return Replica(title, Service(name, port, self.folder / "logs" / f"{title}.log", dict(self.env)))


SERVERS_LINKED = ("kafka", "postgres", "store")


def store_server(folder: Path, port: int) -> LocalServer:
    """Not started yet; the objects stay in `folder`."""
    address = f"http://{LOOPBACK}:{port}"

    async def why_not() -> str | None:
        try:
            async with httpx.AsyncClient() as http:
                await http.get(f"{address}/{BUCKET}", params={"list-type": "2"}, timeout=2)
        except httpx.HTTPError as exc:
            return type(exc).__name__
        return None

    return LocalServer(
        name="store",
        address=address,
        command=bound_to_parent(
            [sys.executable, "-m", "tests.chaos.store_server", str(folder), str(port)], signal.SIGKILL
        ),
        log=folder / "store.log",
        stop_signal=signal.SIGTERM,
        why_not_ready=why_not,
    )


@contextmanager
def running_system(folder: Path, net: Net) -> Iterator[System]:
    fetch_jars(JARS_FOLDER)
    system = System(folder, net)
    try:
        yield system
    finally:
        system.stop()


@contextmanager
def probing(system: System) -> Iterator[None]:
    """Ask all the while whether replicas live, as the platform's probes do: `tend` ends those that are long silent."""
    over = threading.Event()

    def probe() -> None:
        while not over.wait(_PROBE_SECONDS):
            _look_for_life(system)

    thread = threading.Thread(target=probe, name="probes", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _look_for_life(system: System) -> None:
    """Ask every replica once whether it lives. A frozen one makes it wait."""
    for replica in system.replicas.values():
        if replica.runs and not replica.frozen and _answers(replica, "livez"):
            replica.live_at = time.monotonic()


def _answers(replica: Replica, probe: str) -> bool:
    try:
        return httpx.get(f"{replica.service.url}/{probe}", timeout=3).status_code == 200
    except httpx.HTTPError:
        return False


def _with_port(url: str, port: int) -> str:
    old = urlsplit(url).port
    return url.replace(f":{old}", f":{port}", 1)
