"""The records of service tokens: who may use them, for what, when they were used, and whether they were revoked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct

from store.database.client import Client, Document, IndexModel, PyMongoError, UpdateMany
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope

COLLECTION = "service_tokens"
MAX_LISTED = 1000
# Records stay for some time after their tokens have expired, so that an operator can read what they were.
_RETENTION = timedelta(days=90)
_USE_INTERVAL = timedelta(hours=1)
SERVICE_TOKEN_INDEXES = (
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=int(_RETENTION.total_seconds())),
    IndexModel([("partner_id", 1), ("created_at", -1)], name="partner"),
)


class ServiceTokenDocument(Struct, frozen=True):
    """A service token as it is recorded; the token itself is stored nowhere.

    `partner_id` is `*` and `administrator_id` None for a token that belongs to no partner.
    """

    id: str
    partner_id: str
    administrator_id: str | None
    scopes: tuple[str, ...]
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the typed form of a stored document."""
        return cls(
            id=document["_id"],
            partner_id=document["partner_id"],
            administrator_id=document["administrator_id"],
            scopes=tuple(document["scopes"]),
            label=document["label"],
            created_at=document["created_at"],
            expires_at=document["expires_at"],
            last_used_at=document["last_used_at"],
            revoked_at=document["revoked_at"],
        )


async def record_service_token(
    scope: Scope, administrator_id: str | None, scopes: Iterable[str], label: str, expires_at: datetime
) -> str:
    """Record a token of the scope's partner that is about to be issued; return its id."""
    id_ = new_id("svc")
    document = {
        "_id": id_,
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "administrator_id": administrator_id,
        "scopes": sorted(scopes),
        "label": label,
        "expires_at": expires_at,
        "last_used_at": None,
        "revoked_at": None,
    }
    await scope.collection(COLLECTION).insert_many([document])
    return id_


async def find_service_token(scope: Scope, token_id: str) -> ServiceTokenDocument | None:
    """Return the record of a token of the scope's partner."""
    document = await scope.collection(COLLECTION).find_one({**scope.match(), "_id": token_id})
    return None if document is None else ServiceTokenDocument.read(document)


async def record_use(scope: Scope, token: ServiceTokenDocument) -> None:
    """Store the moment of a use, at most once an hour; errors of the database are ignored."""
    if token.last_used_at is not None and token.last_used_at > scope.now - _USE_INTERVAL:
        return
    where = {**scope.match(), "_id": token.id}
    try:
        await scope.collection(COLLECTION).update_one(where, {"$set": {"last_used_at": scope.now}})
    except PyMongoError:
        return


async def list_service_tokens(client: Client, partner_id: str | None = None) -> list[ServiceTokenDocument]:
    """Return the latest MAX_LISTED records of a partner, or of all partners, the newest first."""
    where = {} if partner_id is None else {"partner_id": partner_id}
    documents = await client.collection(COLLECTION).find(where, sort=[("created_at", -1)], limit=MAX_LISTED)
    return [ServiceTokenDocument.read(document) for document in documents]


async def revoke_service_tokens(client: Client, where: Document) -> int:
    """Revoke the matching tokens that are neither revoked nor expired; return how many there were."""
    collection, now = client.collection(COLLECTION), utc_now()
    active = {**where, "revoked_at": None, "expires_at": {"$gt": now}}
    count = await collection.count(active)
    change = {"$set": {"revoked_at": now, "updated_at": now}, "$inc": {"version": 1}}
    await collection.bulk_write([UpdateMany(active, change)])
    return count
