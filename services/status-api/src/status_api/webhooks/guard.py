"""Resolves the host of a webhook once and lets public addresses through: the caller connects to these, not to the name.

A name that leads to a public address when it is checked and to a private one when it is connected to (DNS rebinding)
gains nothing so: there is no second look-up.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TypeAlias

from status_api.webhooks.addresses import Address, Network, as_address, is_allowed

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses, as the system knows them. Raises OSError where there are none."""

_ADDRESSES_TRIED = 3


class AddressRefusedError(Exception):
    """The host leads to an address that is not public. The text must not reach a tenant: it tells of our network."""


class NameUnknownError(Exception):
    """No address is known of the host."""


class SystemResolver:
    """Resolve, in threads of its own: a name server that does not answer must not hold up anything else."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(place[0]) for *_, place in found]

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Guard:
    def __init__(self, resolve: Resolve, *, permitted: Sequence[Network] = ()) -> None:
        self._resolve = resolve
        self._permitted = tuple(permitted)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Where to connect to, in order; IPv4 first, since many networks have no other.

        One address that is refused refuses the host: names with both kinds are made to get past such a check.
        Raises AddressRefusedError and NameUnknownError.
        """
        literal = as_address(host)
        found = [literal] if literal else await self._look_up(host, port)
        for address in found:
            if not is_allowed(address, self._permitted):
                raise AddressRefusedError(f"{host} leads to {address}")
        ordered = sorted(dict.fromkeys(found), key=lambda address: address.version)
        return tuple(str(address) for address in ordered[:_ADDRESSES_TRIED])

    async def _look_up(self, host: str, port: int) -> list[Address]:
        try:
            found = [ip_address(text) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError) as exc:
            raise NameUnknownError(f"{host}: {type(exc).__name__}") from exc
        if not found:
            raise NameUnknownError(host)
        return found
