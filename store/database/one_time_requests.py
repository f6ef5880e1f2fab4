"""Requests that an address uses once: those of launches and of exports are stored, used up and deleted alike."""

from datetime import datetime, timedelta
from typing import Any

from store.database.client import Client, Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope

_RETENTION = timedelta(hours=48)
ONE_TIME_INDEXES = (IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=int(_RETENTION.total_seconds())),)


def new_request(scope: Scope, prefix: str, administrator_id: str, lifetime: timedelta, **content: Any) -> Document:
    """Return the document of a request of an administrator, which is usable for `lifetime` from now on."""
    return {
        "_id": new_id(prefix),
        **scope.match(),
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "administrator_id": administrator_id,
        "expires_at": scope.now + lifetime,
        "used_at": None,
        **content,
    }


def match_usable(scope: Scope, request_id: str) -> Document:
    """Return the condition of a request that is unused and has not expired."""
    return {**scope.match(), "_id": request_id, "used_at": None, "expires_at": {"$gt": scope.now}}


async def is_usable(client: Client, collection: str, partner_id: str, request_id: str) -> bool:
    """Return whether the request is unused and valid, without using it up."""
    scope = Scope(client, partner_id, utc_now())
    return await scope.collection(collection).find_one(match_usable(scope, request_id), {"_id": 1}) is not None


async def use_up(scope: Scope, collection: str, request_id: str, now: datetime, session: Session) -> bool:
    """Return whether the request was usable; it is not any more."""
    used = {"$set": {"used_at": now, "updated_at": now}, "$inc": {"version": 1}}
    return bool(await scope.collection(collection).update_one(match_usable(scope, request_id), used, session=session))
