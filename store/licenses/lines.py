"""The partner's licence lines of MEETINGS and CALLING: one document a line, kept by the customers' write path.

A line is what its entitlement and its customer say; nothing is ever known from it alone. `is_running` is as of the
customer's last evaluation, while the windows of time below are decided by the query, at the moment of asking.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from domain.entitlements.license_lines import LicenseLine
from domain.entitlements.peer_groups import latest_peer_addition
from store.database.client import DeleteOne, Document, IndexModel, InsertOne, ReplaceOne, UpdateOne
from store.database.scope import Scope

COLLECTION = "license_lines"
PEERS_INDEX, ENDS_INDEX, ADDED_INDEX, OVERAGE_INDEX = "peers", "ends", "added_rate", "overage"
_BY_PRODUCT = [("partner_id", 1), ("product", 1)]
# What is a member of no peer group, or within its licences, costs nothing in the indexes of those who are.
LICENSE_LINE_INDEXES = (
    IndexModel(
        [*_BY_PRODUCT, ("peer_rate", 1), ("added_at", 1)],
        name=PEERS_INDEX,
        partialFilterExpression={"peer_rate": {"$gte": 0}},
    ),
    IndexModel([*_BY_PRODUCT, ("ends_at", 1)], name=ENDS_INDEX),
    IndexModel([*_BY_PRODUCT, ("added_at", 1), ("peer_rate", 1)], name=ADDED_INDEX),
    IndexModel([*_BY_PRODUCT, ("overage", 1)], name=OVERAGE_INDEX, partialFilterExpression={"overage": {"$gt": 0}}),
)
LicenseLineWrite = InsertOne[Document] | UpdateOne | ReplaceOne[Document] | DeleteOne


def match_recently_added(now: datetime, days: int) -> Document:
    """Lines that were added in the last so many days, in any state but CANCELLED."""
    added = {"$gt": now - timedelta(days=days), "$lte": now}
    return {"added_at": added, "cancelled_at": {"$not": {"$lte": now}}}


def match_expiring(now: datetime, days: int) -> Document:
    """Lines of trials, and of subscriptions without auto-renewal, that run and end within so many days."""
    return {"is_running": True, "auto_renew": False, "ends_at": _within_days(now, days)}


def match_renewing(now: datetime, days: int) -> Document:
    """Lines of auto-renewing subscriptions that run and whose term ends within so many days."""
    return {"is_running": True, "auto_renew": True, "ends_at": _within_days(now, days)}


def _within_days(now: datetime, days: int) -> Document:
    return {"$gt": now, "$lte": now + timedelta(days=days)}


def match_peers(now: datetime) -> Document:
    """The lines of a peer group: running, of five licences or more, added 30 days ago or longer."""
    return {**match_peer_candidates(), "added_at": {"$lte": latest_peer_addition(now)}}


def match_peer_candidates() -> Document:
    """Running lines of five licences or more: those of a peer group, and those too young for it yet."""
    return {"peer_rate": {"$gte": 0}}


def match_young_candidates(now: datetime) -> Document:
    """Those that will be of a peer group once they are 30 days old."""
    return {**match_peer_candidates(), "added_at": {"$gt": latest_peer_addition(now)}}


def match_low_assignment(now: datetime, threshold: float | None) -> Document:
    """Lines of the peer group below its threshold; without one, none."""
    if threshold is None:
        return {"_id": {"$in": []}}
    return {**match_peers(now), "peer_rate": {"$gte": 0, "$lt": threshold}}


def match_over_limit() -> Document:
    """Running lines with more licences assigned than ordered."""
    return {"is_running": True, "overage": {"$gt": 0}}


def build_line_writes(
    scope: Scope, before: Mapping[str, LicenseLine], after: Mapping[str, LicenseLine], now: datetime
) -> Iterator[LicenseLineWrite]:
    """What makes the stored lines of a customer those of `after`, where `before` is what they say; by id."""
    for id_, line in after.items():
        known = before.get(id_)
        if known is None:
            yield InsertOne(_build_document(scope, id_, line, now))
        elif known != line:
            changed = {name: value for name, value in line.items() if known[name] != value}
            change = {"$set": {**changed, "updated_at": now}, "$inc": {"version": 1}}
            yield UpdateOne({**scope.match(), "_id": id_}, change)
    yield from _build_deletes(scope, before.keys() - after.keys())


def build_line_replacements(
    scope: Scope, before: Mapping[str, LicenseLine], after: Mapping[str, LicenseLine], now: datetime
) -> Iterator[LicenseLineWrite]:
    """The same where another version wrote what is stored, or wrote none."""
    for id_, line in after.items():
        yield ReplaceOne({**scope.match(), "_id": id_}, _build_document(scope, id_, line, now), upsert=True)
    yield from _build_deletes(scope, before.keys() - after.keys())


def _build_document(scope: Scope, id_: str, line: LicenseLine, now: datetime) -> Document:
    return {"_id": id_, "partner_id": scope.partner_id, "version": 1, "created_at": now, "updated_at": now, **line}


def _build_deletes(scope: Scope, ids: Iterable[str]) -> Iterator[DeleteOne]:
    return (DeleteOne({**scope.match(), "_id": id_}) for id_ in sorted(ids))
