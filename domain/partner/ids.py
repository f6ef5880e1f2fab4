"""The form of a partner's id."""

import re

_PARTNER_ID = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


def is_partner_id(text: str) -> bool:
    """Return whether the text has the form of a partner's id: 1 to 40 characters of a–z, 0–9 and the hyphen."""
    return _PARTNER_ID.fullmatch(text) is not None
