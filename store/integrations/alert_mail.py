"""What a rule stores of its e-mails: which alerts are to be sent, and when.

An alert that is to be sent has `mail`: PENDING, later the id of the message that contains it. The rule has `mail` with
the opening of the first one (`first_at`) and when they are sent (`due_at`); `sent_at` is when its last message was made.
"""

from collections.abc import Collection, Mapping
from typing import Any

from domain.integrations.alert_mail_times import next_mail_at
from domain.integrations.alerts import AlertSchedule
from store.database.client import Document, Session, UpdateOne
from store.database.scope import Scope
from store.integrations.alerts import RULES

PENDING = "PENDING"


async def note_new_alerts(scope: Scope, rule_ids: Collection[str], session: Session) -> None:
    """Record that alerts of the rules have opened that are to be sent."""
    if not rule_ids:
        return
    where = {**scope.match(), "_id": {"$in": sorted(rule_ids)}}
    rules = await scope.collection(RULES).find(where, session=session)
    changes = [
        UpdateOne({**scope.match(), "_id": rule["_id"]}, {"$set": {"mail": pending_mail(scope, rule)}})
        for rule in rules
    ]
    await scope.collection(RULES).bulk_write(changes, session=session)


def pending_mail(scope: Scope, rule: Mapping[str, Any]) -> Document:
    """Return the state of a rule with alerts to send, of which the last one opened now or whose schedule is new."""
    mail = rule["mail"]
    first_at, sent_at = mail.get("first_at", scope.now), mail.get("sent_at")
    due_at = next_mail_at(AlertSchedule(rule["schedule"]), rule["time_zone"], first_at, scope.now, sent_at)
    return {**mail, "first_at": first_at, "due_at": due_at}


def sends_mail(rule: Mapping[str, Any]) -> bool:
    """Return whether alerts of the rule are sent."""
    return bool(rule["email"]) and not rule["paused"] and rule["deleted_at"] is None
