"""E-mail addresses and country codes that people type."""

import re

MAX_EMAIL_LENGTH = 254
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_]{2,63}")
_COUNTRY = re.compile("[A-Za-z]{2}", re.ASCII)


def is_email(text: str) -> bool:
    """Return whether the text has the form of an address that mail can be sent to: `ada@partner.example`."""
    return len(text) <= MAX_EMAIL_LENGTH and text.isprintable() and _EMAIL.fullmatch(text) is not None


def parse_country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code in upper case; None where the text is not two letters."""
    code = text.strip()
    return code.upper() if _COUNTRY.fullmatch(code) else None
