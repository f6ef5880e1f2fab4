"""Which client a reverse proxy reports: only the proxies of a setting are believed."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]
# The longest text of an address, with brackets and a port.
_MAX_ADDRESS_CHARACTERS = 60
_FORWARDED_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*"?([^";]*)"?', re.IGNORECASE)
_FORWARDED_PROTO = re.compile(r'(?:^|;)\s*proto\s*=\s*"?(https?)"?\s*(?:;|$)', re.IGNORECASE)


class ForwardedClient(NamedTuple):
    """The client that a trusted proxy reports, and the scheme that it used; None where the proxy does not say."""

    address: str
    scheme: str | None


class TrustedProxies:
    """Addresses and networks of proxies, and the header in which they report the client."""

    def __init__(self, addresses: str = "", header: str = "X-Forwarded-For") -> None:
        """Take addresses and networks separated by commas; raise ValueError for anything else."""
        self._networks = parse_networks(addresses)
        self._header = header.lower().encode()

    def trusts(self, address: str | None) -> bool:
        """Return whether connections from the address come from a trusted proxy."""
        return address is not None and _is_within(self._networks, address)

    def forwarded_client(self, headers: Headers) -> ForwardedClient | None:
        """Return the client of a request that came from a trusted proxy; None where the proxy reports none.

        Each proxy appends the address that it sees. Read from the end: the first address that is no trusted proxy was
        seen by a trusted one, and what stands before it is the client's own claim.
        """
        lists = [value.decode("latin-1") for name, value in headers if name == self._header]
        if not lists:
            return None
        hops = ",".join(lists).split(",")
        if self._header == b"forwarded":
            return self._first_untrusted([_read_forwarded(hop) for hop in hops])
        scheme = next((value.decode("latin-1") for name, value in headers if name == b"x-forwarded-proto"), "")
        scheme = scheme.rpartition(",")[2].strip().lower()
        return self._first_untrusted([(hop, scheme if scheme in {"http", "https"} else None) for hop in hops])

    def _first_untrusted(self, hops: Sequence[tuple[str, str | None]]) -> ForwardedClient | None:
        client = None
        for text, scheme in reversed(hops):
            address = read_address(text)
            if address is None:
                break
            client = ForwardedClient(address, scheme)
            if not _is_within(self._networks, address):
                break
        return client


def parse_networks(addresses: str) -> tuple[Network, ...]:
    """Return the networks of a list separated by commas; raise ValueError for what is neither address nor network."""
    names = [name.strip() for name in addresses.split(",")]
    return tuple(ip_network(name, strict=False) for name in names if name)


def read_address(text: str) -> str | None:
    """Return an address without brackets and port, in its usual form; None for a name or anything else."""
    text = text.strip().strip('"')
    if len(text) > _MAX_ADDRESS_CHARACTERS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return _normalize(text)


@lru_cache(maxsize=1024)
def address_group(address: str) -> str:
    """Return what one client can easily have many of: the address, or the /64 network of an IPv6 address."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))
    return address


@lru_cache(maxsize=1024)
def _normalize(text: str) -> str | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return str((isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed)


@lru_cache(maxsize=1024)
def _is_within(networks: tuple[Network, ...], address: str) -> bool:
    text = _normalize(address)
    return text is not None and any(ip_address(text) in network for network in networks)


def _read_forwarded(hop: str) -> tuple[str, str | None]:
    """Return `for` and `proto` of one element of a Forwarded header (RFC 7239)."""
    address, scheme = _FORWARDED_FOR.search(hop), _FORWARDED_PROTO.search(hop)
    return address[1] if address else "", scheme[1].lower() if scheme else None
