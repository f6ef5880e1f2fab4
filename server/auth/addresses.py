"""The addresses from which keys are fetched."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def check_address(text: str) -> str:
    """Return the address of a key set; raise ValueError where keys could be changed on their way."""
    parts = urlsplit(text)
    if not parts.hostname or parts.fragment or parts.username or any(map(str.isspace, text)):
        raise ValueError("is an address such as https://login.example.com/realms/partners")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError("must be https: with http, anybody on the way could replace the keys")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
