"""Which addresses a user's URL may lead to: only those of the public Internet.

`ipaddress.is_global` is not enough: it treats multicast, reserved and tunnelled addresses as global, and its data
differs between versions of Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PUBLIC_IPV6 = IPv6Network("2000::/3")
_SPECIAL = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("224.0.0.0/4"),  # multicast
    IPv4Network("240.0.0.0/4"),  # reserved, and broadcast
    IPv6Network("2001::/23"),  # protocol assignments, among them Teredo
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_ISATAP = 0x5EFE


def may_be_reached(address: Address, networks: Sequence[Network] = ()) -> bool:
    """Whether ``address``, and any address that a tunnel maps it to, is public or in one of ``networks``.

    IPv4-compatible and Teredo addresses, local NAT64 (64:ff9b:1::/48), unique-local, link-local and site-local ones,
    and multicast addresses are not public.
    """
    return all(_is_public(each) or any(each in network for network in networks) for each in _destinations(address))


def _destinations(address: Address) -> Iterator[Address]:
    """Where a packet to ``address`` may end up: there, or at an embedded IPv4 address."""
    if isinstance(address, IPv4Address):
        yield address
    elif address in _MAPPED or address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    elif address in _6TO4:
        yield IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    else:
        yield address
        if int(address) >> 32 & 0xFCFFFFFF == _ISATAP:
            yield IPv4Address(int(address) & 0xFFFFFFFF)


def _is_public(address: Address) -> bool:
    is_ordinary = isinstance(address, IPv4Address) or address in _PUBLIC_IPV6
    return is_ordinary and address.is_global and not any(address in network for network in _SPECIAL)
