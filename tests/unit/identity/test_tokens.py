"""Tokens against a real HTTP server of keys: who is taken, and how keys come and go."""

import asyncio
import base64
import hmac
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feuilleton.contracts.ids import TenantId
from feuilleton.identity.keys import KeysUnavailableError
from feuilleton.identity.principal import ALL_SCOPES, ForbiddenError, Principal, Role, Scope, UnauthenticatedError
from feuilleton.identity.provider import Provider as Asking
from feuilleton.identity.signing_keys import GAP_SECONDS, KEPT_SECONDS, RENEW_SECONDS, SigningKeys
from feuilleton.identity.tokens import TokenRules, Tokens
from tests.unit.identity.provider import AUDIENCE, Provider, providing, unsigned

SKEW_SECONDS = 60


@dataclass
class World:
    provider: Provider
    seconds: float = 0.0
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.trusting()

    def trusting(self, *algorithms: str, jwks_url: str | None = None) -> Tokens:
        rules = TokenRules(
            issuer=self.provider.url,
            audience=AUDIENCE,
            algorithms=algorithms or ("ES256",),
            skew_seconds=SKEW_SECONDS,
            tenant_claim="tenant",
            role_claim="role",
        )
        keys = SigningKeys(Asking(self.provider.url, jwks_url).signing_keys, clock=lambda: self.seconds)
        return Tokens(rules, keys)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as made:
        made.add_key("one")
        yield made


@pytest.fixture
def world(provider: Provider) -> World:
    return World(provider)


async def refused(tokens: Tokens, text: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await tokens.principal(text)


async def test_a_good_token_gives_tenant_role_and_subject(world: World) -> None:
    assert await world.tokens.principal(world.provider.token()) == Principal(
        TenantId("acme"), Role.USER, ALL_SCOPES, "user-7"
    )
    for role in ("admin", ["reader", "admin"]):
        assert (await world.tokens.principal(world.provider.token(role=role))).role is Role.ADMIN
    for other in ("root", ["administrator"], {"admin": True}, 1, None):
        assert (await world.tokens.principal(world.provider.token(role=other))).role is Role.USER


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ("openid profile", ALL_SCOPES),
        ("openid feuilleton:read", {Scope.READ}),
        ("feuilleton:write feuilleton:read", ALL_SCOPES),
        ("feuilleton:unheard-of", frozenset()),
    ],
)
async def test_scopes_of_ours_narrow_a_token(world: World, said: str, scopes: frozenset[Scope]) -> None:
    assert (await world.tokens.principal(world.provider.token(scope=said))).scopes == scopes


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://another.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": int(time.time()) - SKEW_SECONDS - 5},
        {"nbf": int(time.time()) + SKEW_SECONDS + 86_400},
        {"iat": int(time.time()) + SKEW_SECONDS + 86_400},
    ],
)
async def test_a_token_of_or_for_someone_else_or_another_time_is_refused(world: World, changes: dict[str, Any]) -> None:
    await refused(world.tokens, world.provider.token(**changes))


async def test_clocks_may_differ_a_little_and_one_of_several_audiences_may_be_ours(world: World) -> None:
    now = int(time.time())
    for changes in ({"exp": now - SKEW_SECONDS + 30}, {"nbf": now + SKEW_SECONDS - 30}, {"aud": ["x", AUDIENCE]}):
        await world.tokens.principal(world.provider.token(**changes))


@pytest.mark.parametrize("tenant", [None, "", "../default", "ACME", 7, ["acme"], "a" * 64])
async def test_a_token_that_names_no_tenant_is_forbidden(world: World, tenant: object) -> None:
    with pytest.raises(ForbiddenError):
        await world.tokens.principal(world.provider.token(tenant=tenant))


async def test_nothing_but_an_allowed_signature_counts(world: World) -> None:
    claims = world.provider.claims()
    await refused(world.tokens, unsigned({"alg": "none"}, claims))
    await refused(world.tokens, unsigned({"alg": "none", "kid": "one"}, claims))
    await refused(world.tokens, unsigned({"alg": "ES256", "kid": "one"}, claims, "AAAA"))
    good = world.provider.token()
    head, _, signature = good.split(".")
    forged = unsigned({"alg": "ES256", "kid": "one"}, {**claims, "tenant": "default"}).split(".")[1]
    await refused(world.tokens, f"{head}.{forged}.{signature}")
    # The oldest trick: the public key, which all know, as the secret of an HMAC.
    public = world.provider.keys["one"].as_pem(private=False)
    head, body, _ = unsigned({"alg": "HS256", "kid": "one"}, claims).split(".")
    mac = hmac.digest(public, f"{head}.{body}".encode(), "sha256")
    await refused(world.tokens, f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")


async def test_an_algorithm_that_is_not_on_the_list_is_refused(world: World) -> None:
    world.provider.add_key("rsa", "RSA")
    world.provider.add_key("ed", "OKP")
    await refused(world.tokens, world.provider.token("rsa", "RS256"))
    await refused(world.tokens, world.provider.token("ed", "Ed25519"))
    both = world.trusting("RS256", "Ed25519")
    await both.principal(world.provider.token("rsa", "RS256"))
    await both.principal(world.provider.token("ed", "Ed25519"))
    await refused(both, world.provider.token("rsa", "PS256"))
    await refused(both, world.provider.token())


async def test_a_key_for_encryption_or_a_shared_secret_among_the_keys_signs_nothing(world: World) -> None:
    world.provider.add_key("enc", publish=False)
    public = dict(world.provider.keys["enc"].as_dict(private=False))
    world.provider.published += [
        {**public, "use": "enc"},
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {"kty": "EC", "kid": "broken", "crv": "P-256", "x": "!", "y": 7},
        {"kty": "AKP", "kid": "of the future"},
    ]
    await refused(world.tokens, world.provider.token("enc"))
    await world.tokens.principal(world.provider.token())


async def test_a_new_key_is_fetched_once_and_an_old_one_ends(world: World) -> None:
    await world.tokens.principal(world.provider.token())
    world.provider.add_key("two")
    world.provider.published = world.provider.published[1:]
    world.seconds += GAP_SECONDS
    await world.tokens.principal(world.provider.token("two"))
    assert world.provider.asked == 2
    await refused(world.tokens, world.provider.token("one"))


async def test_a_key_that_was_taken_back_ends_though_nobody_asks_for_another(world: World) -> None:
    await world.tokens.principal(world.provider.token())
    world.provider.published = []
    world.provider.add_key("two")
    world.seconds += RENEW_SECONDS
    await refused(world.tokens, world.provider.token("one"))


async def test_made_up_keys_do_not_make_us_ask_often(world: World) -> None:
    await world.tokens.principal(world.provider.token())
    world.provider.add_key("hidden", publish=False)
    for _ in range(50):
        await refused(world.tokens, world.provider.token("hidden"))
    assert world.provider.asked == 1
    for _ in range(10):
        world.seconds += GAP_SECONDS
        await refused(world.tokens, world.provider.token("hidden"))
        await refused(world.tokens, world.provider.token("hidden"))
    assert world.provider.asked == 11


async def test_many_at_once_ask_once(world: World) -> None:
    world.provider.delay_seconds = 0.2
    await asyncio.gather(*(world.tokens.principal(world.provider.token()) for _ in range(20)))
    assert world.provider.asked == 1


async def test_a_provider_that_is_away_opens_to_nobody_and_is_asked_again(world: World) -> None:
    world.provider.status = 500
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            await world.tokens.principal(world.provider.token())
    assert world.provider.asked <= 1
    world.provider.status = 200
    world.seconds += GAP_SECONDS
    await world.tokens.principal(world.provider.token())


async def test_known_keys_hold_for_a_while_when_the_provider_goes_away(world: World) -> None:
    await world.tokens.principal(world.provider.token())
    world.provider.status = 503
    world.seconds += KEPT_SECONDS - 1
    await world.tokens.principal(world.provider.token())
    world.seconds += 1
    with pytest.raises(KeysUnavailableError):
        await world.tokens.principal(world.provider.token())


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [7]}', b"[" * 100_000, b"x" * 300_000])
async def test_an_answer_that_is_none_is_an_outage(world: World, raw: bytes) -> None:
    world.provider.raw = raw
    tokens = world.trusting(jwks_url=f"{world.provider.url}/keys")
    with pytest.raises(KeysUnavailableError):
        await tokens.principal(world.provider.token())


async def test_another_issuer_at_the_address_is_not_believed(world: World) -> None:
    world.provider.issuer_told = "https://another.example"
    with pytest.raises(KeysUnavailableError):
        await world.tokens.principal(world.provider.token())
    assert world.provider.asked == 0


_HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5c", "enc", "zip"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2)
    | st.sampled_from(["ES256", "one", "none", "HS256"]),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(header=_HEADERS | st.lists(st.integers()), claims=st.text(max_size=10), raw=st.text(max_size=40))
async def test_whatever_is_sent_is_refused_and_breaks_nothing(world: World, header: Any, claims: str, raw: str) -> None:
    for text in (unsigned(header, {"x": claims}, "AAAA"), raw, f"{raw}.{raw}.{raw}", "[" * 4000 + "..", "a" * 10_000):
        await refused(world.tokens, text)
