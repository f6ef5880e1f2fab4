"""The collections of legs of calls (`calls`) and of queue calls; a TTL index deletes them after RAW_CALL_RETENTION.

The `_id` is `<partner>:<key>`, where the key is the delivered report id (`calls`) or id (`queue_calls`). So one index
serves the look-up and the uniqueness. Media figures that arrive before their leg are stored in `calls` under the same
`_id`, with `week` null and no customer, until the leg arrives; roll-ups match a week and never see them.
"""

from store.database.client import IndexModel
from store.database.scope import Scope

CALLS = "calls"
QUEUE_CALLS = "queue_calls"
CALL_INDEXES = (
    IndexModel([("partner_id", 1), ("week", 1), ("customer_id", 1)], name="week"),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
)


def raw_call_id(scope: Scope, key: str) -> str:
    """Return the `_id` of the leg or queue call with this key."""
    return f"{scope.partner_id}:{key}"
