"""uvicorn for services that answer HTTP."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


class DrainingServer(uvicorn.Server):
    """Drains on SIGTERM or SIGINT and then returns, rather than dying of the same signal once more: a stop that was
    asked for is no failure.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.handle_exit, name, None)
        yield
