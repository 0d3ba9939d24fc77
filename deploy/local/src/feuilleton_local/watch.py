"""Is what was started still sound: asked again and again while somebody waits for a result."""

from collections import Counter

from feuilleton_local.failures import ServerFailedError
from feuilleton_local.launch import LocalSystem
from feuilleton_local.supervision.supervisor import State
from feuilleton_local.telling_line import cause_in

# supervisor starts a fallen process again, and no job is lost by that; one that keeps falling will not get it done.
_FALLS_ALLOWED = 3


class SystemWatch:
    """Counts falls since it was made."""

    def __init__(self, system: LocalSystem) -> None:
        self._system = system
        self._pids: dict[str, int] = {}
        self._falls: Counter[str] = Counter()

    def look(self) -> None:
        """Raises ServerFailedError with the cause when a process keeps falling, LocalError when all was stopped."""
        for info in self._system.supervisor.all_processes().values():
            before = self._pids.get(info.name, info.pid)
            if before and info.pid != before:
                self._falls[info.name] += 1
            self._pids[info.name] = info.pid
            if info.state is State.FATAL or self._falls[info.name] > _FALLS_ALLOWED:
                log = self._system.settings.paths.log_of(info.name)
                raise ServerFailedError(f"{info.name} keeps falling: {cause_in(log)}", log=log)
