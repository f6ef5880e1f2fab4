"""E-mail addresses that people type, and the form in which two of them are the same."""

import re
from unicodedata import normalize

from domain.text.limits import raw_limit
from domain.text.normalization import compose_key

MAX_EMAIL_LENGTH = 254
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_]{2,63}")


def is_email(text: str) -> bool:
    """Return whether the text has the form of an address that mail can be sent to: `ada@partner.example`.

    An encoded word (`=?utf-8?…?=`) stands in no address (RFC 2047); mail servers decode it to something else.
    """
    is_short, has_encoded_word = len(text) <= MAX_EMAIL_LENGTH, "=?" in text
    return is_short and text.isprintable() and not has_encoded_word and _EMAIL.fullmatch(text) is not None


def read_email(typed: str) -> str | None:
    """Return a typed address without white space around it, in NFC; None where it is not an address."""
    email = compose_key(typed) if len(typed) <= raw_limit(MAX_EMAIL_LENGTH) else None
    return email if email is not None and is_email(email) else None


def fold_email(text: str) -> str:
    """Return the form in which an address is unique: equal for every case and composition of its characters."""
    return normalize("NFC", normalize("NFD", text).casefold())


def is_same_email(first: str, second: str) -> bool:
    """Return whether two addresses differ in case and composition only.

    The form in which an address is unique is too coarse for a sign-in: it equates the domains faß.example and
    fass.example, which can belong to different people.
    """
    return _lower(first) == _lower(second)


def _lower(text: str) -> str:
    return normalize("NFC", normalize("NFD", text).lower())
