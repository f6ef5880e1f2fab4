"""The first answers of mutations: by administrator and key, for 48 hours."""

import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from domain.failures import InputRejected
from domain.user_errors import UserError, UserErrorCode
from store.database.client import Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope

COLLECTION = "mutation_results"
RETENTION = timedelta(hours=48)
MUTATION_RESULT_INDEXES = (
    IndexModel([("partner_id", 1), ("administrator_id", 1), ("key", 1)], name="key", unique=True),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
)


def input_digest(mutation: str, given: Mapping[str, Any]) -> str:
    """What two inputs share where they ask for the same: the order of their fields and the key do not count."""
    asked = {name: value for name, value in given.items() if name != "idempotency_key"}
    return sha256(json.dumps([mutation, asked], default=str, sort_keys=True).encode()).hexdigest()


async def find_stored_result(scope: Scope, key: str, digest: str, session: Session) -> Document | None:
    """What was answered when the viewer first used the key; InputRejected where that was for other input."""
    where = {**_match(scope, key), "expires_at": {"$gt": scope.now}}
    found = await scope.collection(COLLECTION).find_one(where, session=session)
    if found is None:
        return None
    if found["digest"] != digest:
        message = "This idempotency key was used with other input: take a new one for each change."
        raise InputRejected([UserError(UserErrorCode.KEY_REUSED, message, ("input", "idempotencyKey"))])
    answer: Document = found["result"]
    return answer


async def store_result(scope: Scope, key: str, digest: str, answer: Document, session: Session) -> None:
    """Keeps the answer in the transaction of the change itself, in place of one whose time is over."""
    collection = scope.collection(COLLECTION)
    await collection.delete_many({**_match(scope, key), "expires_at": {"$lte": scope.now}}, session=session)
    document = {
        "_id": new_id("ans"),
        **_match(scope, key),
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "expires_at": scope.now + RETENTION,
        "digest": digest,
        "result": answer,
    }
    await collection.insert_many([document], session=session)


def _match(scope: Scope, key: str) -> Document:
    return {**scope.match(), "administrator_id": scope.administrator_id, "key": key}
