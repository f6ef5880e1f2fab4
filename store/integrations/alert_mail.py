"""What a rule stores of its e-mails: in which message its next alerts are, and when it is made.

An alert that is sent has the id of its message in `mail`. Where alerts wait for their time, the rule has in `mail` the
`message_id`, the opening of the first one (`first_at`) and when the message is made (`due_at`). `sent_at` is when the
message before was made.
"""

from collections.abc import Collection, Mapping
from typing import Any

from domain.integrations.alert_mail_times import next_mail_at
from domain.integrations.alerts import AlertSchedule
from store.database.client import Document, Session, UpdateOne
from store.database.ids import new_id
from store.database.scope import Scope
from store.integrations.alerts import RULES


async def reserve_messages(scope: Scope, rule_ids: Collection[str], session: Session) -> dict[str, str]:
    """Record that alerts of the rules open which are to be sent; return the id of the message of each rule.

    The process that makes messages changes the rule, too, so no alert can miss its message.
    """
    if not rule_ids:
        return {}
    where = {**scope.match(), "_id": {"$in": sorted(rule_ids)}}
    rules = await scope.collection(RULES).find(where, session=session)
    pending = {rule["_id"]: pending_mail(scope, rule) for rule in rules}
    changes = [UpdateOne({**scope.match(), "_id": id_}, {"$set": {"mail": mail}}) for id_, mail in pending.items()]
    await scope.collection(RULES).bulk_write(changes, session=session)
    return {id_: mail["message_id"] for id_, mail in pending.items()}


def pending_mail(scope: Scope, rule: Mapping[str, Any]) -> Document:
    """Return `mail` of a rule with alerts to send, of which the last one opens now or whose schedule is new."""
    mail = rule["mail"]
    first_at, sent_at = mail.get("first_at", scope.now), mail.get("sent_at")
    due_at = next_mail_at(AlertSchedule(rule["schedule"]), rule["time_zone"], first_at, scope.now, sent_at)
    return {"message_id": new_id("eml"), **mail, "first_at": first_at, "due_at": due_at}


def dropped_mail(rule: Mapping[str, Any]) -> Document:
    """Return `mail` of a rule whose alerts that wait are not sent."""
    return {name: value for name, value in rule["mail"].items() if name == "sent_at"}


def sends_mail(rule: Mapping[str, Any]) -> bool:
    """Return whether alerts of the rule are sent."""
    return bool(rule["email"]) and not rule["paused"] and rule["deleted_at"] is None
