"""The fields of an alert rule that say whether and when its alerts are sent by e-mail."""

from collections.abc import Mapping
from typing import Any

from domain.inputs import ABSENT
from domain.integrations.alert_mail_times import DEFAULT_TIME_ZONE, time_zones
from domain.integrations.alerts import AlertSchedule, SaveAlertRule
from domain.languages.languages import Language
from domain.messages import translatable
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Client, Document, UpdateMany
from store.database.clock import utc_now
from store.integrations.alert_making import new_scan
from store.integrations.alerts import RULES

_DEFAULTS: Mapping[str, Any] = {
    "schedule": str(AlertSchedule.AT_ONCE),
    "email": False,
    "time_zone": DEFAULT_TIME_ZONE,
}


def read_mail_fields(
    mutation: Mutation[SaveAlertRule], stored: Mapping[str, Any] | None, *, has_mail: bool
) -> Document:
    """Return the fields to store: those of the input, the stored ones, or for a new rule the defaults."""
    given, checks = mutation.input, mutation.checks
    kept = _DEFAULTS if stored is None else stored
    if given.schedule is None:
        message = translatable("An alert rule has a schedule: AT_ONCE, DAILY or WEEKLY.")
        checks.add(UserErrorCode.INVALID, message, "schedule")
    if given.email is None:
        checks.add(
            UserErrorCode.INVALID, translatable("An alert rule sends e-mail or not: give true or false."), "email"
        )
    elif given.email is True and not kept["email"] and not has_mail:
        message = translatable("E-mail is not set up on this server. Its operator can do this: PARTNERHUB_SMTP_URL.")
        checks.add(UserErrorCode.INVALID, message, "email")
    if given.time_zone is not ABSENT and given.time_zone not in time_zones():
        message = translatable("This is not the name of a time zone, such as Europe/Belgrade or UTC.")
        checks.add(UserErrorCode.INVALID, message, "timeZone")
    values = {"schedule": given.schedule, "email": given.email, "time_zone": given.time_zone}
    return {name: kept[name] if value is ABSENT else value for name, value in values.items()}


async def store_mail_fields(client: Client) -> None:
    """Give the rules of before the fields of their e-mails: they send none."""
    now, missing = utc_now(), {"schedule": {"$exists": False}}
    fields = {**_DEFAULTS, "language": Language.ENGLISH, "mailed_from": now, "mail": {}}
    scans = UpdateMany({**missing, "scan": {"$ne": None}}, {"$set": {"scan": new_scan(now)}})
    await client.collection(RULES).bulk_write([scans, UpdateMany(missing, {"$set": fields})])
