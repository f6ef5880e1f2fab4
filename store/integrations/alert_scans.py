"""Scans: after a change of a rule, or of what its owner may see, the rule is compared with all customers.

A scan is a number of steps, each one transaction. The first steps go over the rule's alerts and end those that are no
longer right; the others go over the customers and open what is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.cursors.feed import Position
from domain.customers.conditions import AllOf, HasKey
from domain.customers.filter import parse_filter
from domain.customers.keys import dimension_key
from domain.customers.matching import CustomerValues, matches
from domain.integrations.alert_changes import AlertChanges, RuleCondition
from domain.paging import MAX_PAGE_SIZE, Page, PageRequest
from domain.types import CustomerOrderField
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.database.client import Document, Session, UpdateMany
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.integrations.alert_making import (
    Superseded,
    delete_alerts,
    find_held_alerts,
    find_rules,
    move_position,
    new_scan,
    read_conditions,
    read_owners,
    tracked,
    write_changes,
)
from store.integrations.alerts import COLLECTION, PROGRESS, RULE_INDEX, RULES

_STEP_SIZE = MAX_PAGE_SIZE
_FACTS = ("keys", "words", "created_at", "last_administrator_sign_in_at", "statuses")
# The moment of its creation is the one order in which a customer does not move.
_ORDER = CustomerOrder(CustomerOrderField.CREATED_AT)


async def restart_scans(
    scope: Scope, rules: Iterable[Document], session: Session, mailed_from: datetime | None = None
) -> None:
    """Begin the scans of the rules again; e-mails are sent for statuses that are entered from that moment or now on."""
    where = {**scope.match(), "_id": {"$in": [rule["_id"] for rule in rules]}}
    change = {"$set": {"scan": new_scan(mailed_from or scope.now)}}
    await scope.collection(RULES).bulk_write([UpdateMany(where, change)], session=session)


async def restart_all_scans(scope: Scope, before: Position, after: Position) -> None:
    """Continue the log at `after`, because the events in between are gone, and compare all rules with the customers."""

    async def restart(session: Session) -> None:
        await move_position(scope, before, after, session)
        missed_from = datetime.fromtimestamp(before.time >> 32, UTC).replace(tzinfo=None)
        await restart_scans(scope, await find_rules(scope, session), session, missed_from)

    await in_transaction(scope.client, restart)


async def scan_step(scope: Scope, position: Position) -> bool:
    """Make one step of the scan of a rule; return False where no rule has to be scanned.

    Raise Superseded where another process makes the alerts, or where the rule was changed meanwhile.
    """
    rule = next((rule for rule in await find_rules(scope) if rule["scan"] is not None), None)
    if rule is None:
        return False
    page = await _read_page(scope, rule)

    async def step(session: Session) -> None:
        await move_position(scope, position, position, session)
        if rule["deleted_at"] is not None:
            await _delete_some(scope, rule, session)
        elif page is None:
            await _check_alerts(scope, rule, session)
        else:
            await _open_missing(scope, rule, page, session)

    await in_transaction(scope.client, step)
    return True


async def _read_page(scope: Scope, rule: Document) -> Page[CustomerDocument] | None:
    """Return the next customers that the rule watches; None where the alerts come first.

    It is read before the transaction: a status that is left since is left by an event behind the position.
    """
    if rule["deleted_at"] is not None or rule["scan"]["is_over_alerts"]:
        return None
    owner = (await read_owners(scope, [rule["owner_id"]])).get(rule["owner_id"])
    if owner is None or rule["paused"]:
        return Page((), False, False, lambda _: "")
    keys = tuple(dimension_key("status", status) for status in rule["statuses"])
    condition = AllOf((*parse_filter(rule["filter"]).conditions, HasKey("status", keys)))
    request = PageRequest(first=_STEP_SIZE, after=rule["scan"]["after"])
    return await Customers(owner).page(condition, _ORDER, request)


async def _delete_some(scope: Scope, rule: Document, session: Session) -> None:
    """Delete alerts of a deleted rule, then the rule, and after the last rule the progress of the partner."""
    alerts = await _next_alerts(scope, rule, session)
    await delete_alerts(scope, [alert["_id"] for alert in alerts], session)
    if len(alerts) == _STEP_SIZE:
        return
    await scope.collection(RULES).delete_many({**scope.match(), "_id": rule["_id"]}, session=session)
    if not await find_rules(scope, session):
        await scope.collection(PROGRESS).delete_many({**scope.match(), "_id": scope.partner_id}, session=session)


async def _check_alerts(scope: Scope, rule: Document, session: Session) -> None:
    """Resolve the alerts that the rule no longer covers; remove those of customers that its owner does not see."""
    alerts = await _next_alerts(scope, rule, session)
    owner = (await read_owners(scope, [rule["owner_id"]], session)).get(rule["owner_id"])
    customers = {} if owner is None else await _read_customers(owner, [each["customer_id"] for each in alerts], session)
    conditions = await read_conditions(scope, [rule], session)
    changes = AlertChanges.begin(conditions, (), scope.now)
    for alert in alerts:
        customer = customers.get(alert["customer_id"])
        if customer is None:
            changes.hidden.add((alert["customer_id"], rule["owner_id"]))
        elif not (held := tracked(alert)).is_resolved and not _covers(conditions[0], customer, held.key.status):
            changes.resolved.append(held)
    await write_changes(scope, changes, session)
    is_last = len(alerts) < _STEP_SIZE
    await _advance(
        scope,
        rule,
        {**rule["scan"], "is_over_alerts": not is_last, "after": None if is_last else alerts[-1]["_id"]},
        session,
    )


def _covers(rule: RuleCondition, customer: Document, status: str) -> bool:
    """Return whether the rule still watches the status of the customer, which its owner sees."""
    keys, times = set(customer["keys"]), (customer["created_at"], customer["last_administrator_sign_in_at"])
    is_held = status in customer["statuses"] and status in rule.statuses
    return is_held and matches(rule.customers, CustomerValues(keys, customer["words"], *times))


async def _open_missing(scope: Scope, rule: Document, page: Page[CustomerDocument], session: Session) -> None:
    held = {alert.key for alert in await find_held_alerts(scope, [customer.id for customer in page.rows], session)}
    changes = AlertChanges.begin((), (), scope.now)
    mailed_from = max(rule["mailed_from"], rule["scan"]["mailed_from"])
    condition = RuleCondition.of({**rule, "mailed_from": mailed_from}, restricted_to=None, has_owner=True)
    for customer in page.rows:
        for detail in customer.document["status_details"]:
            alert = condition.open(customer.id, detail["status"], detail["entered_at"])
            if detail["status"] in rule["statuses"] and alert.key not in held:
                changes.opened.append(alert)
    await write_changes(scope, changes, session)
    following = {**rule["scan"], "after": page.end_cursor} if page.has_next else None
    await _advance(scope, rule, following, session)


async def _advance(scope: Scope, rule: Document, scan: Mapping[str, Any] | None, session: Session) -> None:
    where = {**scope.match(), "_id": rule["_id"], "version": rule["version"], "scan": rule["scan"]}
    if not await scope.collection(RULES).update_one(where, {"$set": {"scan": scan}}, session=session):
        raise Superseded


async def _next_alerts(scope: Scope, rule: Document, session: Session) -> list[Document]:
    where: Document = {**scope.match(), "rule_id": rule["_id"]}
    if rule["deleted_at"] is None and rule["scan"]["after"] is not None:
        where["_id"] = {"$gt": rule["scan"]["after"]}
    return await scope.collection(COLLECTION).find(
        where, sort=[("_id", 1)], limit=_STEP_SIZE, hint=RULE_INDEX, session=session
    )


async def _read_customers(owner: Scope, ids: Sequence[str], session: Session) -> dict[str, Document]:
    where = {**owner.match_customers(), "_id": {"$in": sorted(set(ids))}}
    customers = await owner.collection("customers").find(where, dict.fromkeys(_FACTS, 1), session=session)
    return {customer["_id"]: customer for customer in customers}
