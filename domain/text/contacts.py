"""E-mail addresses and countries as people type them."""

import re

MAX_EMAIL_LENGTH = 254
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_]{2,63}")
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def is_email(text: str) -> bool:
    """Whether the text is an address that mail can be sent to, such as `ada@partner.example`."""
    return len(text) <= MAX_EMAIL_LENGTH and text.isprintable() and _EMAIL.fullmatch(text) is not None


def parse_country_code(text: str) -> str | None:
    """An ISO 3166-1 alpha-2 code in upper case; None for a text that has not its form."""
    upper = text.strip().upper()
    return upper if _COUNTRY.fullmatch(upper) else None
