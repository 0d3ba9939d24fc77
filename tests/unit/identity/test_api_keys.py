"""Keys to principals, with the directory in memory and a clock by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from feuilleton.contracts.ids import TenantId
from feuilleton.identity.key_text import key_digest, new_key
from feuilleton.identity.keys import CACHE_KEYS, CACHE_SECONDS, ApiKeys, KeysUnavailableError, KnownKey
from feuilleton.identity.memory import MemoryKeys
from feuilleton.identity.principal import (
    ALL_SCOPES,
    DEFAULT_TENANT,
    ForbiddenError,
    Principal,
    Role,
    Scope,
    UnauthenticatedError,
    is_tenant,
)

REVOKED_WITHIN_SECONDS = 10.0


class World:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.began = datetime(2026, 11, 22, tzinfo=UTC)
        self.directory = MemoryKeys(now=self.now)
        self.keys = ApiKeys(self.directory, clock=lambda: self.seconds, now=self.now)

    def now(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds)

    def add(self, *, expires_at: datetime | None = None, scopes: frozenset[Scope] = ALL_SCOPES) -> str:
        text = new_key()
        key = KnownKey(f"id-{text}", TenantId("acme"), Role.USER, scopes, expires_at)
        self.directory.keys[key_digest(text)] = key
        return text


@pytest.fixture
def world() -> World:
    return World()


async def test_a_key_gives_its_tenant_role_and_scopes(world: World) -> None:
    text = world.add(scopes=frozenset({Scope.READ}))
    assert await world.keys.principal(text) == Principal(
        TenantId("acme"), Role.USER, frozenset({Scope.READ}), f"id-{text}"
    )


async def test_a_slip_is_refused_without_a_look_up(world: World) -> None:
    text = world.add()
    world.directory.away = True
    with pytest.raises(UnauthenticatedError):
        await world.keys.principal(text[:-1] + ("0" if text[-1] != "0" else "1"))


async def test_an_unknown_key_is_refused_and_works_as_soon_as_it_is_made(world: World) -> None:
    text = world.add()
    known = world.directory.keys.pop(key_digest(text))
    with pytest.raises(UnauthenticatedError):
        await world.keys.principal(text)
    world.directory.keys[key_digest(text)] = known
    await world.keys.principal(text)


async def test_a_revoked_key_stops_within_the_promised_time(world: World) -> None:
    text = world.add()
    await world.keys.principal(text)
    world.directory.keys.clear()
    world.seconds += REVOKED_WITHIN_SECONDS
    with pytest.raises(UnauthenticatedError):
        await world.keys.principal(text)


async def test_a_key_ends_at_its_hour_even_while_it_is_remembered(world: World) -> None:
    text = world.add(expires_at=world.began + timedelta(seconds=CACHE_SECONDS / 2))
    await world.keys.principal(text)
    world.seconds += CACHE_SECONDS / 2
    with pytest.raises(UnauthenticatedError):
        await world.keys.principal(text)
    with pytest.raises(UnauthenticatedError):
        await world.keys.principal(text)


async def test_a_directory_that_is_away_opens_to_no_key(world: World) -> None:
    remembered, other = world.add(), world.add()
    await world.keys.principal(remembered)
    world.directory.away = True
    await world.keys.principal(remembered)
    with pytest.raises(KeysUnavailableError):
        await world.keys.principal(other)
    world.seconds += CACHE_SECONDS
    with pytest.raises(KeysUnavailableError):
        await world.keys.principal(remembered)
    with pytest.raises(KeysUnavailableError):
        await world.keys.check()


async def test_no_more_keys_are_remembered_than_there_is_room_for(world: World) -> None:
    texts = [world.add() for _ in range(CACHE_KEYS + 1)]
    for text in texts:
        await world.keys.principal(text)
    world.directory.away = True
    await world.keys.principal(texts[-1])
    with pytest.raises(KeysUnavailableError):
        await world.keys.principal(texts[0])


def test_only_an_admin_of_the_operators_tenant_is_an_operator() -> None:
    assert Principal(DEFAULT_TENANT, Role.ADMIN).operator
    for other in (Principal(DEFAULT_TENANT, Role.USER), Principal(TenantId("acme"), Role.ADMIN)):
        assert not other.operator
        with pytest.raises(ForbiddenError):
            other.need_operator()


@pytest.mark.parametrize("name", ["acme", "a", "lycee-hugo_2", "0" * 63])
def test_a_tenants_name_can_stand_in_a_path(name: str) -> None:
    assert is_tenant(name)


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "a.b", "-a", "a\n", "é", "0" * 64, None, 7])
def test_what_could_lead_elsewhere_names_no_tenant(name: object) -> None:
    assert not is_tenant(name)
