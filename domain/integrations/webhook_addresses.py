"""Which addresses webhooks may reach: public ones, and those of networks that a setting names."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct

from domain.text.web_addresses import is_web_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Addresses in which others are hidden: NAT64, 6to4 and Teredo.
_TRANSLATED = ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "192.88.99.0/24", "2001::/32")
# What the module ipaddress calls global, before Python 3.11.10 or always: addresses of protocols and of examples, and
# the services that clouds give to their machines (192.0.0.192, 168.63.129.16).
_SPECIAL = ("192.0.0.0/24", "3fff::/20", "168.63.129.16/32")
_REFUSED = tuple(map(ip_network, _TRANSLATED + _SPECIAL))


class WebhookPolicy(Struct, frozen=True):
    """What the installation allows: networks besides the public ones, and http besides https."""

    networks: tuple[Network, ...] = ()
    is_http_allowed: bool = False

    def allows(self, address: Address) -> bool:
        """Return whether a webhook may connect to the address."""
        plain = getattr(address, "ipv4_mapped", None) or address
        return is_public(plain) or any(plain in network for network in self.networks)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list that is separated by commas; raise ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_public(address: Address) -> bool:
    """Return whether the address is one of the public internet."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    is_site_local = isinstance(address, IPv6Address) and address.is_site_local
    return not is_site_local and not any(address in network for network in _REFUSED)


def is_webhook_url(url: str, policy: WebhookPolicy) -> bool:
    """Return whether the text is an https address, or an http one where the policy allows it."""
    if not url.isascii() or not is_web_address(url):
        return False
    return urlsplit(url).scheme == "https" or policy.is_http_allowed


def literal_address(url: str) -> Address | None:
    """Return the address that stands in place of a name in a valid address of a webhook; None for a name."""
    try:
        return ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return None


def first_allowed(addresses: Sequence[Address], policy: WebhookPolicy) -> Address | None:
    """Return the address to connect to, IPv4 first; None where one of the addresses is not allowed."""
    if not addresses or not all(map(policy.allows, addresses)):
        return None
    return min(addresses, key=lambda address: address.version)
