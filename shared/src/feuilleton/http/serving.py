"""uvicorn for services that answer HTTP."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn


class DrainingServer(uvicorn.Server):
    """Drains on SIGTERM or SIGINT and then returns, rather than dying of the same signal once more: a stop that was
    asked for is no failure. `on_exit` is called first, to end what would hold the drain up.
    """

    def __init__(self, config: uvicorn.Config, *, on_exit: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_exit()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.handle_exit, name, None)
        yield
