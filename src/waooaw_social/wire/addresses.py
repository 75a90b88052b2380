"""Which internet addresses are public: everybody may reach them, so it does no harm if we are sent there.

The lists are ours and not the standard library's `is_global`, whose answers differ between Python versions; it has to agree as well.
An address that carries another one inside (mapped, NAT64) is as public as that one; tunnels that nobody needs are not public at all.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_PRIVATE_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT, and some clouds' metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public, and is the inside of one cloud's hosts
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
_PRIVATE_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo, benchmarking, ORCHID and other protocols' own
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")


def is_public(text: str) -> bool:
    """True only for an address that is certainly globally routable. False for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _public_4(address)
    if address.scope_id is not None:
        return False
    inner = address.ipv4_mapped or (_last_4(address) if address in _NAT64 else None)
    if inner is not None:
        return _public_4(inner)
    return address in _GLOBAL_6 and not any(address in net for net in _PRIVATE_6) and address.is_global


def literal(host: str) -> str | None:
    """The address that a host *is*, in its plain form; None for a name. `0x7f.1`, `017700000001` and `127.1` are addresses.

    Raises `ValueError` where the host looks like an address and is none.
    """
    if host.startswith("["):
        return str(ip_address(host.strip("[]")))
    if not _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        raise ValueError("a host that ends in a number is an address") from None


def _public_4(address: IPv4Address) -> bool:
    return not any(address in net for net in _PRIVATE_4) and address.is_global


def _last_4(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)
