"""Ids of the form `<prefix>_<ObjectId>`: the prefix names the type, so that `node(id:)` needs no registry."""

import re

from store.database.client import new_object_id_hex

_ID = re.compile(r"([a-z]{3})_[0-9a-f]{24}", re.ASCII)


def new_id(prefix: str) -> str:
    """Return a new id, such as `cus_64b7…`. On one machine, later ids sort after earlier ones."""
    return f"{prefix}_{new_object_id_hex()}"


def prefix_of(id_: str) -> str | None:
    """Return the type prefix of a well-formed id, else None."""
    match = _ID.fullmatch(id_)
    return match.group(1) if match else None
