"""Results of mutations, stored for 48 hours by administrator and idempotency key."""

import json
from datetime import timedelta
from hashlib import sha256

from domain.failures import InputRejected
from domain.inputs import to_canonical
from domain.messages import translatable
from domain.user_errors import InputPath, UserError, UserErrorCode
from store.database.client import Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope

COLLECTION = "mutation_results"
RETENTION = timedelta(hours=48)
MUTATION_RESULT_INDEXES = (
    IndexModel([("partner_id", 1), ("administrator_id", 1), ("key", 1)], name="key", unique=True),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
)


def input_digest(operation: str, input: object) -> str:
    """Return the digest of an operation and its input. It is equal for equal inputs, also after a restart."""
    return sha256(json.dumps([operation, to_canonical(input)], sort_keys=True).encode()).hexdigest()


async def find_stored_result(scope: Scope, key: str, digest: str, session: Session) -> Document | None:
    """Return the result that the viewer got for this key; raise InputRejected where the input was another one."""
    # The TTL index removes documents with a delay of up to a minute.
    where = {**_match(scope, key), "expires_at": {"$gt": scope.now}}
    stored = await scope.collection(COLLECTION).find_one(where, session=session)
    if stored is None:
        return None
    if stored["digest"] != digest:
        message = translatable("This idempotency key was used with other input: take a new one for each change.")
        raise InputRejected([UserError(UserErrorCode.KEY_REUSED, message, InputPath(("idempotency_key",)))])
    result: Document = stored["result"]
    return result


async def store_result(scope: Scope, key: str, digest: str, result: Document, session: Session) -> None:
    """Store the result in the transaction of the change; replace an expired one."""
    collection = scope.collection(COLLECTION)
    await collection.delete_many({**_match(scope, key), "expires_at": {"$lte": scope.now}}, session=session)
    document = {
        "_id": new_id("mrs"),
        **_match(scope, key),
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "expires_at": scope.now + RETENTION,
        "digest": digest,
        "result": result,
    }
    await collection.insert_many([document], session=session)


def _match(scope: Scope, key: str) -> Document:
    return {**scope.match(), "administrator_id": scope.administrator_id, "key": key}
