"""Which addresses webhooks may lead to, by tables and by chance."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from status_api.webhooks.addresses import as_address, is_allowed, read_networks

REFUSED = [
    "0.0.0.0",  # noqa: S104 (an address to refuse)
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",  # metadata of Alibaba
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # metadata of Oracle
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::10.0.0.1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata of AWS
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.17",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.169.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4007:80e::200e",
]


@pytest.mark.parametrize("text", REFUSED)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not is_allowed(ip_address(text))


@pytest.mark.parametrize("text", ALLOWED)
def test_a_public_address_is_allowed(text: str) -> None:
    assert is_allowed(ip_address(text))


@given(st.ip_addresses(v=4))
def test_no_private_address_gets_through_in_any_form(address: IPv4Address) -> None:
    """What the standard library knows to be special is refused, and no IPv6 form of any IPv4 address is let through."""
    special = not address.is_global or address.is_multicast or address.is_reserved
    if special:
        assert not is_allowed(address)
    packed = address.packed
    forms = [
        IPv6Address(bytes(10) + b"\xff\xff" + packed),  # mapped
        IPv6Address(bytes(12) + packed),  # compatible
        IPv6Address(bytes.fromhex("0064ff9b") + bytes(8) + packed),  # NAT64
        IPv6Address(bytes.fromhex("2002") + packed + bytes(10)),  # 6to4
        IPv6Address(bytes.fromhex("20010000") + bytes(8) + bytes(255 - byte for byte in packed)),  # Teredo
    ]
    assert [form for form in forms if is_allowed(form)] == []


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_global_unicast_gets_through(address: IPv6Address) -> None:
    if is_allowed(address):
        assert address.is_global
        assert not any((address.is_multicast, address.is_site_local, address.sixtofour, address.teredo))
        assert address.ipv4_mapped is None


def test_what_the_deployment_permits_is_let_through_and_nothing_beside_it() -> None:
    permitted = read_networks("127.0.0.0/8, fd00:1::/32")
    assert permitted == (ip_network("127.0.0.0/8"), ip_network("fd00:1::/32"))
    assert is_allowed(ip_address("127.0.0.1"), permitted)
    assert is_allowed(ip_address("fd00:1::5"), permitted)
    assert not is_allowed(ip_address("10.0.0.1"), permitted)
    assert not is_allowed(ip_address("::ffff:127.0.0.1"), permitted)
    assert read_networks("") == ()


def test_a_wrong_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        read_networks("10.0.0.0/8,10.0.0.1/8")


@pytest.mark.parametrize("host", ["example.org", "2130706433", "0x7f.1", "127.1", "localhost", ""])
def test_what_only_a_resolver_knows_is_no_address_yet(host: str) -> None:
    assert as_address(host) is None
