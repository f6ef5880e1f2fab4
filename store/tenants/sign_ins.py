"""Stores when an administrator last signed in, at most once a minute."""

from datetime import timedelta

from store.database.client import PyMongoError
from store.database.scope import Scope

SIGN_IN_INTERVAL = timedelta(minutes=1)


async def record_sign_in(scope: Scope, administrator_id: str) -> None:
    """Store the moment, unless one of the last minute is stored; errors of the database are ignored."""
    recent = {"last_sign_in_at": {"$not": {"$gt": scope.now - SIGN_IN_INTERVAL}}}
    where = {**scope.match(), "_id": administrator_id, **recent}
    try:
        await scope.collection("administrators").update_one(where, {"$set": {"last_sign_in_at": scope.now}})
    except PyMongoError:
        return
