"""The raw calls and queue calls that were delivered: their collections, until they expire.

A document of `calls` is one report id, of `queue_calls` one id, each in its `_id` behind the partner's: the key is
looked up, kept unique and found again by one index. Media figures that came before their call stand in `calls` with
`week` null and no customer, so that whichever comes second meets the first in one document; whoever sums up
calls asks for a week and never sees them.
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
    """The `_id` of a call or queue call that was delivered under this key."""
    return f"{scope.partner_id}:{key}"
