"""The installation's secrets: created at first use and shared by every process on the same database."""

import secrets
from base64 import b64decode, b64encode
from typing import Any

from joserfc.jwk import OKPKey

from store.database.client import Client, DuplicateKeyError
from store.database.clock import utc_now

COLLECTION = "secrets"
# Secrets belong to no tenant. `*` is not a valid partner id, so no scope of a partner can match them.
NO_PARTNER = "*"


async def load_signing_key(client: Client) -> dict[str, Any]:
    """Return the private Ed25519 key, a JWK with its `kid`, that signs this installation's tokens."""
    fresh = OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True)
    stored: dict[str, Any] = await _load_or_create(client, "signing", dict(fresh))
    return stored


async def load_cursor_secret(client: Client) -> bytes:
    """Return the key of the signatures of feed cursors: 32 bytes."""
    stored: str = await _load_or_create(client, "cursors", b64encode(secrets.token_bytes(32)).decode())
    return b64decode(stored)


async def load_launch_secret(client: Client) -> bytes:
    """Return the key of the tokens of launch addresses: 32 bytes."""
    stored: str = await _load_or_create(client, "launches", b64encode(secrets.token_bytes(32)).decode())
    return b64decode(stored)


async def _load_or_create(client: Client, name: str, fresh: Any) -> Any:
    """Return the secret stored under the name; store `fresh` where there is none yet."""
    collection = client.collection(COLLECTION)
    where = {"_id": name, "partner_id": NO_PARTNER}
    document = await collection.find_one(where)
    if document is None:
        now = utc_now()
        first = {"value": fresh, "version": 1, "created_at": now, "updated_at": now}
        try:
            document = await collection.find_one_and_update(where, {"$setOnInsert": first}, upsert=True)
        except DuplicateKeyError:
            # Another process stored its own between the two commands: use that.
            document = await collection.find_one(where)
    if document is None:
        raise RuntimeError(f"The secret {name} could be neither read nor stored.")
    return document["value"]
