import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from status_api.webhooks.addresses import read_networks
from status_api.webhooks.guard import AddressRefusedError, Guard, NameUnknownError, SystemResolver


class Names:
    """A resolver whose answers change: one after the other, the last for good."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def test_a_public_host_gives_its_addresses_ipv4_first() -> None:
    guard = Guard(Names(["2606:4700:4700::1111", "1.1.1.1", "1.1.1.1", "8.8.8.8", "9.9.9.9"]))
    assert await guard.addresses("example.org", 443) == ("1.1.1.1", "8.8.8.8", "9.9.9.9")


@pytest.mark.parametrize("private", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fe80::1%2", "64:ff9b::7f00:1"])
async def test_one_private_address_among_public_ones_refuses_the_host(private: str) -> None:
    with pytest.raises(AddressRefusedError):
        await Guard(Names(["1.1.1.1", private])).addresses("example.org", 443)


async def test_an_address_in_the_url_is_judged_without_asking_anybody() -> None:
    names = Names(["1.1.1.1"])
    for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254"):
        with pytest.raises(AddressRefusedError):
            await Guard(names).addresses(host, 443)
    assert await Guard(names).addresses("8.8.8.8", 443) == ("8.8.8.8",)
    assert names.asked == 0


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_odd_ways_to_write_loopback_are_known_by_what_they_resolve_to(host: str) -> None:
    resolver = SystemResolver(1)
    try:
        with pytest.raises(AddressRefusedError):
            await Guard(resolver).addresses(host, 443)
    finally:
        resolver.stop()


async def test_a_name_is_asked_for_once_a_call_so_that_its_second_answer_cannot_matter() -> None:
    names = Names(["1.1.1.1"], ["127.0.0.1"])
    guard = Guard(names)
    assert await guard.addresses("rebinding.example", 443) == ("1.1.1.1",)
    assert names.asked == 1
    with pytest.raises(AddressRefusedError):
        await guard.addresses("rebinding.example", 443)


async def test_what_the_deployment_permits_is_let_through() -> None:
    guard = Guard(Names(["127.0.0.1"]), permitted=read_networks("127.0.0.0/8"))
    assert await guard.addresses("receiver.test", 443) == ("127.0.0.1",)


async def test_a_name_without_an_address_is_unknown() -> None:
    async def fails(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    for resolve in (fails, Names([]), Names(["nonsense"])):
        with pytest.raises(NameUnknownError):
            await Guard(resolve).addresses("nowhere.example", 443)


async def test_a_name_too_long_to_be_one_is_unknown() -> None:
    resolver = SystemResolver(1)
    try:
        with pytest.raises(NameUnknownError):
            await Guard(resolver).addresses("x" * 300 + ".example", 443)
    finally:
        resolver.stop()


async def test_look_ups_have_threads_of_their_own() -> None:
    resolver = SystemResolver(2)
    assert isinstance(resolver._threads, ThreadPoolExecutor)
    assert await resolver("127.0.0.1", 80) == ["127.0.0.1"]
    resolver.stop()
