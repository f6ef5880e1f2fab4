"""Secrets and signatures of webhooks, as standardwebhooks.com defines them (HMAC-SHA256).

The secrets of a webhook follow from one random seed and a number that each rotation increments. So a repeated mutation
returns the secret of the first answer. The seed is stored with the webhook, in the clear: who reads the database can
sign as this server.
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

SEED_BYTES = 32
FORMER_SECRET_LIFETIME = timedelta(hours=24)
_PREFIX = "whsec_"


def secret_key(seed: bytes, number: int) -> bytes:
    """Return the key of the secret with the number."""
    return hmac.digest(seed, f"webhook secret {number}".encode(), sha256)


def format_secret(key: bytes) -> str:
    """Return the key as receivers get it: `whsec_…`."""
    return _PREFIX + b64encode(key).decode()


def valid_keys(seed: bytes, number: int, rotated_at: datetime | None, now: datetime) -> list[bytes]:
    """Return the keys that sign at this moment: the current one, and for 24 hours the one before it."""
    keys = [secret_key(seed, number)]
    if rotated_at is not None and now < rotated_at + FORMER_SECRET_LIFETIME:
        keys.append(secret_key(seed, number - 1))
    return keys


def signed_headers(keys: Sequence[bytes], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery, with one signature for each key."""
    timestamp = str(int(now.replace(tzinfo=UTC).timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = [b64encode(hmac.digest(key, content, sha256)).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
