"""One Kafka node (broker and controller in one JVM) in a folder of its own."""

import base64
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

from feuilleton_local.failures import ServerFailedError
from feuilleton_local.folder_lock import hold_folder
from feuilleton_local.parent_death import die_with_parent
from feuilleton_local.ports import LOOPBACK
from feuilleton_local.servers.jars import class_path, java_home
from feuilleton_local.telling_line import telling_line

# Measured: an acked send p50 1.4 ms and 12,000 messages/s with this heap, about 350 MB resident.
_JVM = (
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)


def properties(*, port: int, controller_port: int, advertised_port: int | None = None) -> str:
    """The node's settings. Paths in it are relative to the node's folder, so a checkout can be moved or be called
    anything (a .properties file is Latin-1, and `log.dirs` splits at commas). Clients are told `advertised_port`,
    where something stands in between.
    """
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{LOOPBACK}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}
advertised.listeners=PLAINTEXT://{LOOPBACK}:{advertised_port or port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
offsets.retention.minutes=525600
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
log.index.size.max.bytes=1048576
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


def become_kafka(folder: Path, *, jars: Path, settings: str, lock_wait_seconds: float) -> None:
    """Turn this process into a Kafka node on `folder`; returns only by an exception.

    SIGTERM stops it cleanly, and is sent when the parent dies. The folder stays locked until the JVM is gone.
    Raises FolderLockedError, ServerFailedError.
    """
    die_with_parent(signal.SIGTERM)
    hold_folder(folder, user="Kafka", wait_seconds=lock_wait_seconds)
    (folder / "server.properties").write_text(settings)
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    java = [str(java_home() / "bin" / "java"), *_JVM, f"-Djava.io.tmpdir={temporary}", "-cp", class_path(jars)]
    os.chdir(folder)
    _format_once(java, environment)
    os.execve(java[0], [*java, "kafka.Kafka", "server.properties"], environment)  # noqa: S606 - our own command


def _format_once(java: list[str], environment: dict[str, str]) -> None:
    # Written last, so that a formatting cut short is done again.
    done = Path("formatted")
    if done.exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A", 1)
    formatting = subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", "server.properties"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if formatting.returncode != 0:
        said = (formatting.stdout + formatting.stderr).splitlines()
        raise ServerFailedError(f"could not format Kafka's folder: {telling_line(said)}")
    done.write_text(cluster)
