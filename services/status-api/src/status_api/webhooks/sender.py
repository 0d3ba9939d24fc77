"""Posts one message to one endpoint. Every failure becomes an Answer: a stranger's server may do whatever it likes."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx2
import structlog

from status_api.webhooks.guard import AddressRefusedError, Guard, NameUnknownError
from status_api.webhooks.ports import Parcel
from status_api.webhooks.signing import signed_headers

_AGENT = "Feuilleton-Webhooks/1"
_PORTS = {"http": 80, "https": 443}
_LONGEST_NUMBER = 9
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """`status` where there was one, else the code of an `error`."""

    status: int | None = None
    error: str | None = None
    retry_after_seconds: float | None = None

    @property
    def accepted(self) -> bool:
        return self.status is not None and httpx2.codes.is_success(self.status)


@dataclass(frozen=True)
class Limits:
    """`total_seconds` is for all of a post, look-up of the name included."""

    connect_seconds: float = 5.0
    total_seconds: float = 15.0


class Sender:
    """One connection a post, never kept: a pool would know connections by their address, and hand one whose
    certificate was checked for one name to another name at the same address.
    """

    def __init__(self, guard: Guard, *, limits: Limits, plain_http: bool, tls: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._limits = limits
        self._plain_http = plain_http
        self._tls = tls or httpx2.create_ssl_context()

    async def post(self, parcel: Parcel, now: datetime) -> Answer:
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._post(parcel, now)
        except (TimeoutError, httpx2.TimeoutException):
            return Answer(error="timeout")
        except AddressRefusedError as exc:
            log.warning("webhook_address_refused", endpoint=parcel.endpoint.id, detail=str(exc))
            return Answer(error="address_refused")
        except NameUnknownError:
            return Answer(error="name_unknown")
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError, UnicodeError) as exc:
            return Answer(error="tls_failed" if _is_of_tls(exc) else "unreachable")

    async def _post(self, parcel: Parcel, now: datetime) -> Answer:
        url = httpx2.URL(parcel.endpoint.url)
        if url.scheme != "https" and not (self._plain_http and url.scheme == "http"):
            return Answer(error="address_refused")
        host = url.raw_host.decode("ascii")
        addresses = await self._guard.addresses(host, url.port or _PORTS[url.scheme])
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "Accept-Encoding": "identity",
            "Connection": "close",
            **signed_headers(parcel.endpoint.secrets(now), parcel.event_id, parcel.body, now),
        }
        for address in addresses[:-1]:
            try:
                return await self._post_to(url, address, headers, parcel.body)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as exc:
                if _is_of_tls(exc):
                    raise
        return await self._post_to(url, addresses[-1], headers, parcel.body)

    async def _post_to(self, url: httpx2.URL, address: str, headers: Mapping[str, str], body: str) -> Answer:
        """Connect to this very address; the name stands in Host, in SNI and is what the certificate must hold.

        Nothing of the answer's body is read.
        """
        transport = httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        timeout = httpx2.Timeout(self._limits.total_seconds, connect=self._limits.connect_seconds)
        async with (
            httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                url.copy_with(host=address),
                content=body.encode(),
                headers=headers,
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            return Answer(response.status_code, retry_after_seconds=_retry_after(response.headers.get("Retry-After")))


def _retry_after(text: str | None) -> float | None:
    """The seconds of a Retry-After header; None for a date or nonsense."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_NUMBER:
        return None
    return float(text)


def _is_of_tls(error: BaseException | None) -> bool:
    """Whether a fault of the handshake stands behind an error of the client."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
