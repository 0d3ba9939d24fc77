"""Asks an OIDC provider over HTTP where its keys are, and for the keys."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from feuilleton.identity.keys import KeysUnavailableError
from feuilleton.identity.signing_keys import SigningKeys
from feuilleton.identity.tokens import TokenRules, Tokens
from feuilleton.settings import ApiSettings, is_private_enough

_TIMEOUT_SECONDS = 5.0
_ANSWER_BYTES = 256 * 1024
_DISCOVERY = "/.well-known/openid-configuration"
_DIRECT = ("all://localhost", "all://127.0.0.1", "all://[::1]")  # never through a proxy


class Provider:
    """`jwks_url` is asked for at the issuer where it is not given."""

    def __init__(self, issuer: str, jwks_url: str | None = None) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url

    async def signing_keys(self) -> Sequence[dict[str, Any]]:
        """Raises KeysUnavailableError."""
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, mounts=dict.fromkeys(_DIRECT)) as http:
            found = await _get(http, self._jwks_url or await self._discovered(http))
        keys = found.get("keys")
        if not isinstance(keys, list):
            raise KeysUnavailableError("the provider's answer holds no keys")
        return [key for key in keys if isinstance(key, dict)]

    async def _discovered(self, http: httpx.AsyncClient) -> str:
        found = await _get(http, self._issuer.rstrip("/") + _DISCOVERY)
        url = found.get("jwks_uri")
        if found.get("issuer") != self._issuer or not isinstance(url, str) or not is_private_enough(url):
            raise KeysUnavailableError("the provider describes another issuer, or keys at an open address")
        return url


async def _get(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    body = b""
    try:
        async with http.stream("GET", url, headers={"Accept": "application/json"}) as answer:
            if answer.status_code != httpx.codes.OK:
                raise KeysUnavailableError(f"the provider answers {answer.status_code}")
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _ANSWER_BYTES:
                    raise KeysUnavailableError("the provider's answer is too long")
        found = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as exc:
        raise KeysUnavailableError(f"the provider does not answer: {type(exc).__name__}") from exc
    if not isinstance(found, dict):
        raise KeysUnavailableError("the provider's answer is no object")
    return found


def tokens_of(settings: ApiSettings) -> Tokens | None:
    """None where the deployment names no provider."""
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    rules = TokenRules(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        algorithms=settings.oidc_algorithms,
        skew_seconds=settings.oidc_clock_skew_seconds,
        tenant_claim=settings.oidc_tenant_claim,
        role_claim=settings.oidc_role_claim,
    )
    return Tokens(rules, SigningKeys(Provider(settings.oidc_issuer, settings.oidc_jwks_url).signing_keys))
