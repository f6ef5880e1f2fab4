"""Alert rules and alerts: their documents, and reads of those that the viewer may see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.customers.reasons import StatusReason, reason_from_document
from domain.integrations.alerts import MAX_RULES, AlertSchedule, AlertState
from domain.permissions import Permission, has_permission
from domain.types import CustomerStatus
from store.database.client import Document, IndexModel, Session
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.database.stored_fields import (
    Projection,
    StoredDocument,
    derived,
    projection_document,
    stored,
    stored_list,
    stored_or_none,
)

CUSTOMER_INDEX, RULE_INDEX, MAIL_INDEX = "customer", "rule", "mail"
RULES, COLLECTION, PROGRESS = "alert_rules", "alerts", "alert_progress"
_COLUMNS = (Column("opened_at", -1, "instant"), Column("_id", -1))
PROGRESS_INDEXES = (IndexModel([("partner_id", 1)], name="partner"),)
RULE_INDEXES = (
    IndexModel([("partner_id", 1), ("owner_id", 1)], name="owner"),
    # Only rules with alerts that are to be sent have this field.
    IndexModel([("mail.due_at", 1)], name="mail_due", sparse=True),
)
ALERT_INDEXES = (
    IndexModel(
        [("partner_id", 1), ("rule_id", 1), ("state", 1), ("opened_at", -1), ("_id", -1)], name="rule_state_newest"
    ),
    IndexModel([("partner_id", 1), ("customer_id", 1)], name=CUSTOMER_INDEX),
    # The process that makes alerts goes over those of a changed rule in this order.
    IndexModel([("partner_id", 1), ("rule_id", 1), ("_id", 1)], name=RULE_INDEX),
    # The job that ends snoozes reads those of all partners; its query names the state, as this index requires.
    IndexModel(
        [("partner_id", 1), ("rule_id", 1), ("mail", 1), ("state", 1), ("opened_at", 1), ("_id", 1)],
        name=MAIL_INDEX,
        partialFilterExpression={"mail": {"$exists": True}},
    ),
    IndexModel([("snoozed_until", 1)], name="snooze_end", partialFilterExpression={"state": "SNOOZED"}),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
)


class AlertRuleDocument(StoredDocument):
    """A rule of one administrator, its owner."""

    id = stored(str, "_id")
    name = stored(str)
    owner_id = stored(str)
    statuses = stored_list(CustomerStatus)
    schedule = stored(AlertSchedule)
    email = stored(bool)
    time_zone = stored(str)
    paused = stored(bool)
    version = stored(int)

    @derived("filter")
    def raw_filter(self) -> Mapping[str, Any] | None:
        """The filter; None where the rule watches all customers that its owner sees."""
        raw_filter: Mapping[str, Any] | None = self.document["filter"]
        return raw_filter


class AlertDocument(StoredDocument):
    """An alert; `since` and `reason` are as of its opening."""

    id = stored(str, "_id")
    rule_id = stored(str)
    customer_id = stored(str)
    status = stored(CustomerStatus)
    since = stored(datetime)
    state = stored(AlertState)
    snoozed_until = stored_or_none(datetime)
    changed_by_id = stored_or_none(str)

    @derived("reason")
    def reason(self) -> StatusReason | None:
        """The cause of the status; None where the status was left before its cause was read."""
        stored_reason = self.document["reason"]
        return None if stored_reason is None else reason_from_document(stored_reason)


class AlertRules:
    """The viewer's own rules, or all rules of the partner for a viewer with MANAGE_INTEGRATIONS."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def all(self) -> list[AlertRuleDocument]:
        """Return the rules in the order of their creation."""
        documents = await self._scope.collection(RULES).find(
            self.match_visible(self._scope), sort=[("_id", 1)], limit=MAX_RULES
        )
        return list(map(AlertRuleDocument, documents))

    async def by_ids(self, ids: Sequence[str]) -> dict[str, AlertRuleDocument]:
        """Return the visible rules with these ids, by id, in one query."""
        where = {**self.match_visible(self._scope), "_id": {"$in": list(ids)}}
        documents = await self._scope.collection(RULES).find(where)
        return {document["_id"]: AlertRuleDocument(document) for document in documents}

    @staticmethod
    def match_visible(scope: Scope) -> Document:
        """Return the condition of the rules that the viewer sees; a deleted rule is kept until its alerts are gone."""
        sees_all = scope.role is None or has_permission(scope.role, Permission.MANAGE_INTEGRATIONS)
        owner = {} if sees_all else {"owner_id": scope.administrator_id}
        return {**scope.match(), **owner, "deleted_at": None}


class Alerts:
    """The alerts of the viewer's own rules."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def by_ids(
        self, ids: Sequence[str], projection: Projection = None, *, session: Session = None
    ) -> dict[str, AlertDocument]:
        """Return the alerts by id, in one query. The caller checks that their customers are visible."""
        where = {**self._match_own(await self._own_rules(session)), "_id": {"$in": list(ids)}}
        fields = None if projection is None else projection_document(projection, "customer_id")
        documents = await self._scope.collection(COLLECTION).find(where, fields, session=session)
        return {document["_id"]: AlertDocument(document) for document in documents}

    async def listing(self, states: Sequence[AlertState] | None, rules: Sequence[str] | None) -> Listing[AlertDocument]:
        """Return the list of the alerts in one of the states and of one of the rules, newest first."""
        own = await self._own_rules()
        chosen = own if rules is None else [id_ for id_ in own if id_ in set(rules)]
        # A state is always given: the index then serves the order, by one range for each rule and state.
        wanted = [str(state) for state in (AlertState if states is None else states)]
        where = {**self._match_own(chosen), "state": {"$in": wanted}}
        return Listing(self._scope, COLLECTION, where, _COLUMNS, AlertDocument, (states, rules))

    async def _own_rules(self, session: Session = None) -> list[str]:
        scope = self._scope
        where = {**scope.match(), "owner_id": scope.administrator_id, "deleted_at": None}
        rules = await scope.collection(RULES).find(where, {"_id": 1}, limit=MAX_RULES, session=session)
        return [rule["_id"] for rule in rules]

    def _match_own(self, rule_ids: Sequence[str]) -> Document:
        return {**self._scope.match(), "rule_id": {"$in": list(rule_ids)}}
