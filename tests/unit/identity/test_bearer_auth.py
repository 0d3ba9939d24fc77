"""Which credential a request's header holds, and the settings that say which are taken."""

from collections.abc import Iterator

import pytest
from fastapi import Request
from pydantic import SecretStr, ValidationError

from feuilleton.contracts.ids import TenantId
from feuilleton.http.auth import BearerAuth
from feuilleton.identity.key_text import key_digest, new_key
from feuilleton.identity.keys import ApiKeys, KeysUnavailableError, KnownKey
from feuilleton.identity.memory import MemoryKeys
from feuilleton.identity.principal import (
    ALL_SCOPES,
    BOOTSTRAP_KEY,
    DEFAULT_TENANT,
    ForbiddenError,
    Principal,
    Role,
    Scope,
    UnauthenticatedError,
)
from feuilleton.identity.provider import tokens_of
from feuilleton.settings import ApiSettings, CommonSettings
from tests.unit.identity.provider import AUDIENCE, Provider, providing

BOOTSTRAP = "bootstrap-key-of-a-test"
READER = KnownKey("1", TenantId("acme"), Role.USER, frozenset({Scope.READ}), None)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as made:
        made.add_key("one")
        yield made


@pytest.fixture
def directory() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def auth(provider: Provider, directory: MemoryKeys) -> BearerAuth:
    settings = the_settings(oidc_issuer=provider.url, oidc_audience=AUDIENCE)
    return BearerAuth(settings.api_key, ApiKeys(directory), tokens_of(settings))


def the_settings(**more: object) -> ApiSettings:
    known = {"api_key": SecretStr(BOOTSTRAP), "database_url": SecretStr("postgresql://db.example/x")}
    return ApiSettings.model_validate({**known, **more})


async def ask(auth: BearerAuth, value: str | None, method: str = "GET") -> Principal:
    headers = [] if value is None else [(b"authorization", value.encode())]
    return await auth(Request({"type": "http", "method": method, "headers": headers}))


async def test_each_kind_of_credential_gives_its_principal(
    auth: BearerAuth, directory: MemoryKeys, provider: Provider
) -> None:
    text = new_key()
    directory.keys[key_digest(text)] = READER
    operator = await ask(auth, f"Bearer {BOOTSTRAP}")
    assert operator == Principal(DEFAULT_TENANT, Role.ADMIN, ALL_SCOPES, BOOTSTRAP_KEY)
    assert operator.operator
    assert await ask(auth, f"bearer  {text} ") == Principal(READER.tenant, READER.role, READER.scopes, READER.id)
    assert (await ask(auth, f"Bearer {provider.token()}")).tenant == "acme"


@pytest.mark.parametrize(
    "value",
    [None, "", "Bearer", "Bearer ", f"Basic {BOOTSTRAP}", BOOTSTRAP, "Bearer wrong", "Bearer a.b.c", "Bearer fk_"],
)
async def test_anything_else_is_refused(auth: BearerAuth, value: str | None) -> None:
    with pytest.raises(UnauthenticatedError):
        await ask(auth, value)


async def test_a_token_is_a_wrong_key_where_no_provider_is_set(directory: MemoryKeys, provider: Provider) -> None:
    settings = the_settings()
    assert tokens_of(settings) is None
    with pytest.raises(UnauthenticatedError):
        await ask(BearerAuth(settings.api_key, ApiKeys(directory)), f"Bearer {provider.token()}")


async def test_a_reading_scope_lets_reading_methods_in(auth: BearerAuth, directory: MemoryKeys) -> None:
    text = new_key()
    directory.keys[key_digest(text)] = READER
    for method in ("GET", "HEAD"):
        await ask(auth, f"Bearer {text}", method)
    for method in ("POST", "PUT", "PATCH", "DELETE", "ANYTHING"):
        with pytest.raises(ForbiddenError):
            await ask(auth, f"Bearer {text}", method)


async def test_the_bootstrap_key_asks_no_server(auth: BearerAuth, directory: MemoryKeys, provider: Provider) -> None:
    directory.away, provider.status = True, 500
    await ask(auth, f"Bearer {BOOTSTRAP}", "POST")
    for other in (new_key(), provider.token()):
        with pytest.raises(KeysUnavailableError):
            await ask(auth, f"Bearer {other}")
    with pytest.raises(KeysUnavailableError):
        await auth.check()


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "https://id.example"},
        {"oidc_audience": "x"},
        {"oidc_issuer": "http://id.example", "oidc_audience": "x"},
        {"oidc_issuer": "https://id.example", "oidc_audience": "x", "oidc_jwks_url": "http://id.example/keys"},
        {"oidc_algorithms": "HS256"},
        {"oidc_algorithms": "none"},
        {"oidc_algorithms": ""},
        {"oidc_clock_skew_seconds": 3600},
        {"api_key": SecretStr("short")},
    ],
)
def test_settings_that_would_open_a_door_stop_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        the_settings(**wrong)


def test_a_variable_that_is_empty_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As docker compose hands on what nobody set; and what is not ours in the environment is none of our business."""
    for name in ("OIDC_ISSUER", "OIDC_AUDIENCE", "OIDC_ALGORITHMS", "OIDC_CLOCK_SKEW_SECONDS", "KAFKA_PREFIX"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("API_KEY", BOOTSTRAP)
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/x")
    settings = ApiSettings()
    assert tokens_of(settings) is None
    assert settings.oidc_algorithms == ("RS256", "ES256")
    assert settings.model_config == CommonSettings.model_config


def test_algorithms_come_as_a_list_of_names() -> None:
    assert the_settings(oidc_algorithms="RS256, EdDSA").oidc_algorithms == ("RS256", "EdDSA")
