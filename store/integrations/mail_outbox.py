"""The e-mails that wait to be sent, and their recipients and contents as they are at the moment of sending.

A message is stored with its next attempt before each attempt, and deleted after its outcome. So a process that dies
repeats a message, with the same Message-ID, and never skips one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.integrations.alert_mail_times import next_attempt_at
from domain.integrations.alert_messages import MAX_NAMED_ALERTS, AlertLine
from domain.integrations.alerts import AlertState
from domain.integrations.webhooks import WebhookState
from domain.languages.languages import Language
from store.database.client import Client, Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.integrations import webhooks
from store.integrations.alert_mail import sends_mail
from store.integrations.alerts import COLLECTION as ALERTS
from store.integrations.alerts import MAIL_INDEX, RULES, AlertDocument
from store.tenants.administrators import AdministratorDocument, Administrators

COLLECTION = "mail_outbox"
# Without a server for e-mail, nobody sends the messages.
_RETENTION = timedelta(days=7)
MAIL_INDEXES = (
    IndexModel([("due_at", 1)], name="due"),
    IndexModel([("partner_id", 1), ("subject_id", 1)], name="subject"),
    IndexModel([("created_at", 1)], name="expiry", expireAfterSeconds=int(_RETENTION.total_seconds())),
)
_RULES_PER_TURN = 50
_MAILS_PER_TURN = 20
_POSTPONED = timedelta(seconds=2)


class MailKind(StrEnum):
    """What a message is about; its `subject_id` is the rule or the webhook."""

    ALERTS = "ALERTS"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


class WaitingMail(Struct, frozen=True):
    """A message that is to be sent now; `attempts` includes the one that follows."""

    id: str
    scope: Scope
    kind: MailKind
    subject_id: str
    started_at: datetime
    attempts: int


class AlertMail(Struct, frozen=True):
    """What a message of alerts contains; `count` includes the alerts that it does not name."""

    recipient: AdministratorDocument
    rule_name: str
    language: Language
    alerts: Sequence[AlertLine]
    count: int


class WebhookMail(Struct, frozen=True):
    """What a message of a disabled webhook contains."""

    recipient: AdministratorDocument
    webhook_name: str


async def add_webhook_mail(scope: Scope, webhook_id: str, session: Session) -> None:
    """Add the message that tells the creator of a webhook that it was disabled."""
    await _insert(scope, MailKind.WEBHOOK_DISABLED, webhook_id, new_id("eml"), session)


async def collect_due_alerts(client: Client) -> int:
    """Make messages of the alerts whose time has come; return the number of rules that were looked at."""
    where = {"mail.due_at": {"$lte": utc_now()}}
    rules = await client.collection(RULES).find(
        where, {"partner_id": 1}, sort=[("mail.due_at", 1)], limit=_RULES_PER_TURN
    )
    for rule in rules:
        await _collect(Scope(client, rule["partner_id"], utc_now()), rule["_id"])
    return len(rules)


async def _collect(scope: Scope, rule_id: str) -> None:
    async def collect(session: Session) -> None:
        where = {**scope.match(), "_id": rule_id, "mail.due_at": {"$lte": scope.now}}
        rule = await scope.collection(RULES).find_one(where, session=session)
        if rule is None:
            return
        waiting = await scope.collection(COLLECTION).find_one(
            {**scope.match(), "subject_id": rule_id}, {"due_at": 1}, session=session
        )
        if waiting is None:
            await _insert(scope, MailKind.ALERTS, rule_id, rule["mail"]["message_id"], session)
            mail: Document = {"sent_at": scope.now}
        else:
            # What opens while a message waits for its server comes together in the next one.
            mail = {**rule["mail"], "due_at": max(waiting["due_at"], scope.now) + _POSTPONED}
        await scope.collection(RULES).update_one(where, {"$set": {"mail": mail}}, session=session)

    await in_transaction(scope.client, collect)


async def _insert(scope: Scope, kind: MailKind, subject_id: str, message_id: str, session: Session) -> None:
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now}
    state = {"attempts": 0, "due_at": scope.now}
    mail = {"_id": message_id, **stamps, "kind": kind, "subject_id": subject_id, **state}
    await scope.collection(COLLECTION).insert_many([mail], session=session)


async def due_mails(client: Client) -> list[Document]:
    """Return the messages whose next attempt has come, the oldest first."""
    where = {"due_at": {"$lte": utc_now()}}
    return await client.collection(COLLECTION).find(where, sort=[("due_at", 1)], limit=_MAILS_PER_TURN)


async def begin_attempt(client: Client, mail: Mapping[str, Any]) -> WaitingMail | None:
    """Store when the message is tried again if this attempt has no outcome; None where another process is faster."""
    now = utc_now()
    attempts = mail["attempts"] + 1
    again_at = next_attempt_at(attempts, mail["created_at"], now) or now + timedelta(hours=1)
    change = {"$set": {"attempts": attempts, "due_at": again_at, "updated_at": now}, "$inc": {"version": 1}}
    where = {"_id": mail["_id"], "attempts": mail["attempts"]}
    if not await client.collection(COLLECTION).update_one(where, change):
        return None
    scope = Scope(client, mail["partner_id"], now)
    return WaitingMail(mail["_id"], scope, MailKind(mail["kind"]), mail["subject_id"], mail["created_at"], attempts)


async def end_mail(mail: WaitingMail) -> None:
    """Delete a message that was sent or is given up."""
    await mail.scope.collection(COLLECTION).delete_many({**mail.scope.match(), "_id": mail.id})


async def read_alert_mail(mail: WaitingMail) -> AlertMail | None:
    """Return what the message contains now; None where there is nothing to tell any more, or nobody to tell it to."""
    scope = mail.scope
    rule = await scope.collection(RULES).find_one({**scope.match(), "_id": mail.subject_id})
    if rule is None or not sends_mail(rule):
        return None
    owner = await Administrators(scope).find_active(rule["owner_id"])
    if owner is None:
        return None
    seen_by_owner = replace(scope, administrator_id=owner.id, role=owner.role)
    open_alerts = {**scope.match(), "rule_id": rule["_id"], "mail": mail.id, "state": AlertState.OPEN}
    where = await _of_seen_customers(seen_by_owner, open_alerts)
    count = await scope.collection(ALERTS).count(where, hint=MAIL_INDEX)
    alerts = await scope.collection(ALERTS).find(
        where, sort=[("opened_at", 1), ("_id", 1)], limit=MAX_NAMED_ALERTS, hint=MAIL_INDEX
    )
    lines = await _read_lines(seen_by_owner, alerts)
    if not lines:
        return None
    hidden = len(alerts) - len(lines)
    return AlertMail(owner, rule["name"], Language(rule["language"]), lines, count - hidden)


async def _of_seen_customers(owner: Scope, where: Document) -> Document:
    """Return the condition of those alerts whose customers an ADMINISTRATOR sees now.

    The others are removed a moment after their owner has lost sight. Their number would tell of them, too.
    """
    if owner.visibility_key == ALL_CUSTOMERS_KEY:
        return where
    alerts = await owner.collection(ALERTS).find(where, {"customer_id": 1}, hint=MAIL_INDEX)
    ids = [alert["customer_id"] for alert in alerts]
    seen = await owner.collection("customers").find_ids({**owner.match_customers(), "_id": {"$in": ids}})
    return {**where, "customer_id": {"$in": seen}}


async def _read_lines(owner: Scope, alerts: Sequence[Document]) -> list[AlertLine]:
    """Return the alerts of customers that the owner sees now."""
    where = {**owner.match_customers(), "_id": {"$in": [alert["customer_id"] for alert in alerts]}}
    customers = await owner.collection("customers").find(where, {"name": 1})
    names = {customer["_id"]: customer["name"] for customer in customers}
    return [
        AlertLine(names[alert["customer_id"]], AlertDocument(alert).reason)
        for alert in alerts
        if alert["customer_id"] in names
    ]


async def read_webhook_mail(mail: WaitingMail) -> WebhookMail | None:
    """Return what the message contains; None where the webhook or its creator is gone, or it goes on already."""
    scope = mail.scope
    where = {**scope.match(), "_id": mail.subject_id, "state": WebhookState.DISABLED}
    document = await scope.collection(webhooks.COLLECTION).find_one(where)
    if document is None:
        return None
    webhook = webhooks.WebhookDocument(document)
    creator = await Administrators(scope).find_active(webhook.creator_id)
    return None if creator is None else WebhookMail(creator, webhook.name)
