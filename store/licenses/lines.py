"""The stored licence lines: one document per entitlement and product, and the conditions of reports and KPIs.

The write path of customers keeps the documents equal to `build_license_lines` (domain/entitlements/license_lines.py),
in the transaction that changes the entitlement. A line contains no facts of its own, so it can always be rebuilt.
`is_running` is as of the customer's last evaluation; time windows are compared with `now` by the query.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from domain.entitlements.license_lines import LicenseLine
from domain.entitlements.peer_groups import latest_peer_addition
from domain.entitlements.use_peaks import Peaks
from store.database.client import DeleteOne, Document, IndexModel, InsertOne, ReplaceOne, UpdateOne
from store.database.scope import Scope
from store.licenses.use_peaks import PEAK_DAY_FIELD, PEAK_USED_FIELD, build_peak_fields

COLLECTION = "license_lines"
PEERS_INDEX, ENDS_INDEX = "peers_in_order", "ends_with_figures"
ADDED_INDEX, OVERAGE_INDEX = "added_in_order", "overage_in_order"
# The names of the indexes of former versions: not in the order of the reports, or without what forecasts sum.
FORMER_INDEXES = ("peers", "ends", "added_rate", "overage", "ends_in_order")
_BY_PRODUCT = [("partner_id", 1), ("product", 1)]
_TIES = [("name_folded", 1), ("number", 1), ("_id", 1)]
# What forecasts sum: from the keys alone they take half the time.
_FORECAST_FIELDS = (
    *("customer_id", "is_running", "is_first", "renews", "term_months", "invoice_currency", "invoice_amount"),
    *("total", "assigned", "used", PEAK_DAY_FIELD, PEAK_USED_FIELD),
)
# Each is in the default order of a report, so that a page costs what the page has: without the ties, MongoDB sorts all
# rows that follow for each page. The other fields are for counts that read the keys alone.
# Partial indexes: most lines are in no peer group or have no overage, and need no entry there.
LICENSE_LINE_INDEXES = (
    IndexModel(
        [*_BY_PRODUCT, ("peer_rate", 1), *_TIES, ("added_at", 1)],
        name=PEERS_INDEX,
        partialFilterExpression={"peer_rate": {"$gte": 0}},
    ),
    IndexModel([*_BY_PRODUCT, ("ends_at", 1), *_TIES, *((field, 1) for field in _FORECAST_FIELDS)], name=ENDS_INDEX),
    IndexModel([*_BY_PRODUCT, ("added_at", -1), *_TIES, ("peer_rate", 1)], name=ADDED_INDEX),
    IndexModel(
        [*_BY_PRODUCT, ("overage", -1), *_TIES],
        name=OVERAGE_INDEX,
        partialFilterExpression={"overage": {"$gt": 0}},
    ),
)
LicenseLineWrite = InsertOne[Document] | UpdateOne | ReplaceOne[Document] | DeleteOne


def match_recently_added(now: datetime, days: int) -> Document:
    """Return the condition of lines added in the last `days`, in any state but CANCELLED."""
    added = {"$gt": now - timedelta(days=days), "$lte": now}
    return {"added_at": added, "cancelled_at": {"$not": {"$lte": now}}}


def match_expiring(now: datetime, days: int) -> Document:
    """Return the condition of running lines that end within `days` and do not renew, trials included."""
    return {**match_ending(now, days), "renews": False}


def match_renewing(now: datetime, days: int) -> Document:
    """Return the condition of running lines that renew within `days`."""
    return {**match_ending(now, days), "renews": True}


def match_ending(now: datetime, days: int) -> Document:
    """Return the condition of running lines that end within `days`, whether they renew or not."""
    return {"is_running": True, "ends_at": _within_days(now, days)}


def _within_days(now: datetime, days: int) -> Document:
    return {"$gt": now, "$lte": now + timedelta(days=days)}


def match_peers(now: datetime) -> Document:
    """Return the condition of the peer group: running, at least 5 licences, added at least 30 days ago."""
    return {**match_peer_candidates(), "added_at": {"$lte": latest_peer_addition(now)}}


def match_peer_candidates() -> Document:
    """Return the condition of running lines with at least 5 licences: the peer group, and lines too young for it."""
    return {"peer_rate": {"$gte": 0}}


def match_young_candidates(now: datetime) -> Document:
    """Return the condition of the candidates that are not yet 30 days old."""
    return {**match_peer_candidates(), "added_at": {"$gt": latest_peer_addition(now)}}


def match_low_assignment(now: datetime, threshold: float | None) -> Document:
    """Return the condition of lines of the peer group below the threshold; no line matches without one."""
    if threshold is None:
        return {**match_peers(now), "_id": {"$in": []}}
    return {**match_peers(now), "peer_rate": {"$gte": 0, "$lt": threshold}}


def match_over_limit() -> Document:
    """Return the condition of running lines with more licences assigned than ordered."""
    return {"is_running": True, "overage": {"$gt": 0}}


def build_line_writes(
    scope: Scope,
    before: Mapping[str, LicenseLine],
    after: Mapping[str, LicenseLine],
    peaks: Mapping[str, Peaks],
    now: datetime,
) -> Iterator[LicenseLineWrite]:
    """Yield the writes that change a customer's stored lines from `before` to `after`, both by line id.

    `before` must be what is stored: unchanged lines are not written. `peaks` are those of new lines with snapshots.
    """
    for id_, line in after.items():
        old_line = before.get(id_)
        if old_line is None:
            yield InsertOne(_build_document(scope, id_, line, peaks.get(id_, ()), now))
        elif old_line != line:
            changed = {name: value for name, value in line.items() if old_line[name] != value}
            change = {"$set": {**changed, "updated_at": now}, "$inc": {"version": 1}}
            yield UpdateOne({**scope.match(), "_id": id_}, change)
    yield from _build_deletes(scope, before.keys() - after.keys())


def build_line_replacements(
    scope: Scope,
    before: Mapping[str, LicenseLine],
    after: Mapping[str, LicenseLine],
    peaks: Mapping[str, Peaks],
    now: datetime,
) -> Iterator[LicenseLineWrite]:
    """Yield the writes that store `after` completely, for lines that are missing or of another schema version."""
    for id_, line in after.items():
        document = _build_document(scope, id_, line, peaks.get(id_, ()), now)
        yield ReplaceOne({**scope.match(), "_id": id_}, document, upsert=True)
    yield from _build_deletes(scope, before.keys() - after.keys())


def _build_document(scope: Scope, id_: str, line: LicenseLine, peaks: Peaks, now: datetime) -> Document:
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": now, "updated_at": now}
    return {"_id": id_, **stamps, **build_peak_fields(peaks), **line}


def _build_deletes(scope: Scope, ids: Iterable[str]) -> Iterator[DeleteOne]:
    return (DeleteOne({**scope.match(), "_id": id_}) for id_ in sorted(ids))
