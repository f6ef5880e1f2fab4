"""Ids: a prefix that is the type, and 24 hexadecimal digits that MongoDB's ObjectId makes."""

import re

from store.database.client import new_object_id_hex

_ID = re.compile(r"([a-z]{3})_[0-9a-f]{24}", re.ASCII)


def new_id(prefix: str) -> str:
    """A fresh id, such as `cus_64b7…`; ids made later on one machine sort later."""
    return f"{prefix}_{new_object_id_hex()}"


def prefix_of(id_: str) -> str | None:
    """The type prefix of a well-formed id, else None."""
    found = _ID.fullmatch(id_)
    return found.group(1) if found else None
