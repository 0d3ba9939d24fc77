"""KeyDirectory in memory, for tests."""

from collections.abc import Callable
from datetime import UTC, datetime

from feuilleton.identity.keys import KeysUnavailableError, KnownKey

_NOTE_EVERY_SECONDS = 60.0


class MemoryKeys:
    """KeyDirectory. `away` makes it as one that does not answer."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.keys: dict[bytes, KnownKey] = {}
        self.used_at: dict[str, datetime] = {}
        self.away = False
        self._now = now

    async def find(self, digest: bytes) -> KnownKey | None:
        self._answer()
        return self.keys.get(digest)

    async def note_use(self, key_id: str) -> None:
        self._answer()
        last, now = self.used_at.get(key_id), self._now()
        known = any(key.id == key_id for key in self.keys.values())
        if known and (last is None or (now - last).total_seconds() >= _NOTE_EVERY_SECONDS):
            self.used_at[key_id] = now

    async def check(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.away:
            raise KeysUnavailableError("away")
