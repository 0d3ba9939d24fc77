"""The configuration of supervisord, rendered from the table of processes."""

import shlex
from collections.abc import Sequence

from feuilleton_local.supervision.processes import Group, ManagedProcess

# supervisord runs in the folder of the socket, so this is short however long the checkout's path is: the path of a
# Unix socket ends at 108 bytes.
SOCKET_NAME = "supervisor.sock"
_SOCKET = f"/proc/self/cwd/{SOCKET_NAME}"
_LOG_BYTES = "10MB"
_LOG_BACKUPS = 2
_STOP_SECONDS = 10
# With pauses of 1, 2, 3 ... s between them this outlasts Kafka's 14 s back from kill -9 several times over; whoever
# waits for a first start gives up earlier.
_START_RETRIES = 20


def supervisor_config(processes: Sequence[ManagedProcess]) -> str:
    """The whole file. No secret: those come through supervisord's own environment. No absolute path: see processes."""
    sections = [_supervisord()]
    for priority, group in enumerate(Group, start=1):
        members = [process for process in processes if process.group is group]
        if members:
            sections.append(_group(group, members, priority))
            sections += [_program(process) for process in members]
    return "\n".join(sections)


def _supervisord() -> str:
    return f"""\
[supervisord]
strip_ansi=true
nodaemon=true
silent=true
logfile=../logs/supervisord.log
logfile_maxbytes={_LOG_BYTES}
logfile_backups={_LOG_BACKUPS}
pidfile=supervisord.pid

[unix_http_server]
file={_SOCKET}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


def _group(group: Group, members: Sequence[ManagedProcess], priority: int) -> str:
    return f"""\
[group:{group}]
programs={",".join(member.name for member in members)}
priority={priority}
"""


def _program(process: ManagedProcess) -> str:
    environment = ",".join(f'{name}="{_escaped(value)}"' for name, value in process.environment)
    return f"""\
[program:{process.name}]
command={_escaped(shlex.join(process.command))}
environment={environment}
autostart=false
autorestart=true
startsecs=1
startretries={_START_RETRIES}
stopsignal={process.stop_signal.name.removeprefix("SIG")}
stopwaitsecs={_STOP_SECONDS}
killasgroup=true
redirect_stderr=true
stdout_logfile=../logs/{process.name}.log
stdout_logfile_maxbytes={_LOG_BYTES}
stdout_logfile_backups={_LOG_BACKUPS}
"""


def _escaped(value: str) -> str:
    """The value as supervisor wants it, which expands % in every one."""
    return value.replace("%", "%%")
