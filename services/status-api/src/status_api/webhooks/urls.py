"""What may be a webhook's URL. Where its name leads to is judged at each post, by the guard. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import httpx2

from feuilleton.contracts.errors import InvalidInputError
from status_api.webhooks.addresses import Network, as_address, is_allowed

LONGEST_URL = 2000
_HIGHEST_PORT = 65_535
_HOST = re.compile(r"[A-Za-z0-9._:-]+")  # a name as DNS has it, or an address


class InvalidWebhookUrlError(InvalidInputError):
    """No message can ever be posted there."""

    code = "invalid_webhook_url"


def check_url(text: str, *, plain_http: bool, permitted: Sequence[Network]) -> str:
    """The URL in one form. Raises InvalidWebhookUrlError, whose text may be shown."""
    if len(text) > LONGEST_URL or not text.isprintable() or " " in text:
        _refuse(f"a URL of at most {LONGEST_URL} characters, without spaces, is needed")
    try:
        url = httpx2.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx2.InvalidURL, UnicodeError, ValueError) as exc:
        raise InvalidWebhookUrlError("this is no URL") from exc
    if url.scheme != "https" and not (plain_http and url.scheme == "http"):
        _refuse("the URL must begin with https://")
    if not host:
        _refuse("the URL names no host")
    if not _HOST.fullmatch(host):
        _refuse("the URL names a host that cannot be")
    if url.userinfo or url.fragment:
        _refuse("the URL must hold neither a user nor a fragment")
    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        _refuse("the URL names no port that can be connected to")
    address = as_address(host)
    if address is not None and not is_allowed(address, permitted):
        _refuse("the URL leads to an address that is not public")
    return str(url)


@dataclass(frozen=True)
class WebhookRules:
    """What a deployment lets tenants have."""

    limit: int
    plain_http: bool = False
    permitted: tuple[Network, ...] = ()

    def check(self, url: str) -> str:
        """As `check_url`."""
        return check_url(url, plain_http=self.plain_http, permitted=self.permitted)


def _refuse(detail: str) -> NoReturn:
    raise InvalidWebhookUrlError(detail)
