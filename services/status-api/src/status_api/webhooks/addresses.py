"""Which addresses a webhook may lead to: public unicast ones alone. Pure.

Tables of IANA's registries of special addresses, not `is_global`: its answer changes with the release of Python, and
it calls multicast, NAT64 and 6to4 global, of which the last two are private addresses in another form.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; metadata of some clouds
        "127.0.0.0/8",
        "168.63.129.16/32",  # the host of a virtual machine in Azure: public by its number alone
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# All else is loopback, mapped IPv4, NAT64, unique local, link-local, site-local, multicast or given to nobody.
_UNICAST_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
)


def is_allowed(address: Address, permitted: Sequence[Network] = ()) -> bool:
    """Whether a webhook may lead there. `permitted` are networks that the deployment opens besides."""
    if any(address in network for network in permitted):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _UNICAST_V6 and not any(address in network for network in _REFUSED_V6)


def read_networks(text: str) -> tuple[Network, ...]:
    """Comma-separated networks. Raises ValueError naming the first that is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def as_address(host: str) -> Address | None:
    """The address that a URL names itself, None where it names a host."""
    try:
        return ip_address(host)
    except ValueError:
        return None
