"""Addresses of web pages that are delivered or configured, and that a browser opens."""

from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    """Return whether the text is an http or https address with a host, which every program reads in the same way.

    Refused are other schemes (`javascript:`), user names (`https://bank.example@evil.example`), backslashes, which
    browsers read as slashes, and white space and invisible characters, which browsers drop.
    """
    if not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        has_valid_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and has_valid_port and "@" not in parts.netloc
