"""The installation's own secrets, made once and shared by every process on one database."""

import secrets
from base64 import b64decode, b64encode
from typing import Any

from joserfc.jwk import OKPKey

from store.database.client import Client, DuplicateKeyError
from store.database.clock import utc_now

COLLECTION = "secrets"
# Secrets belong to no tenant; the star is no legal partner id, so that nothing of a partner can meet them.
NO_PARTNER = "*"


async def load_signing_key(client: Client) -> dict[str, Any]:
    """The private Ed25519 key (a JWK with its `kid`) that signs this installation's tokens."""
    fresh = OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True)
    stored: dict[str, Any] = await _load_or_create(client, "signing", dict(fresh))
    return stored


async def load_cursor_secret(client: Client) -> bytes:
    """The secret behind the signatures of feed cursors."""
    stored: str = await _load_or_create(client, "cursors", b64encode(secrets.token_bytes(32)).decode())
    return b64decode(stored)


async def load_launch_secret(client: Client) -> bytes:
    """The secret behind the tokens of launches."""
    stored: str = await _load_or_create(client, "launches", b64encode(secrets.token_bytes(32)).decode())
    return b64decode(stored)


async def _load_or_create(client: Client, name: str, fresh: Any) -> Any:
    """What is stored under the name: `fresh` where this is the first call on the database."""
    collection = client.collection(COLLECTION)
    where = {"_id": name, "partner_id": NO_PARTNER}
    found = await collection.find_one(where)
    if found is None:
        now = utc_now()
        first = {"value": fresh, "version": 1, "created_at": now, "updated_at": now}
        try:
            found = await collection.find_one_and_update(where, {"$setOnInsert": first}, upsert=True)
        except DuplicateKeyError:
            # Another process made it between our two commands: its one counts.
            found = await collection.find_one(where)
    if found is None:
        raise RuntimeError(f"The key {name} could neither be read nor made.")
    return found["value"]
