"""The sample's import records, with the keys that the import expects."""

from datetime import datetime

from sample.entitlements import Entitlement
from sample.names import Company
from sample.seeded_random import SeededRandom

ImportRecord = dict[str, object]


def customer_record(
    rng: SeededRandom, customer: str, company: Company, created: datetime, signed_in: datetime | None
) -> ImportRecord:
    record: ImportRecord = {"externalId": customer, "name": company.name}
    # Upstream systems omit unknown values.
    if not rng.chance(0.05):
        record["domain"] = company.domain
    if not rng.chance(0.02):
        record["country"] = company.country
    record["managedBy"] = "EXTERNAL_ADMINISTRATOR" if rng.chance(0.12) else "PARTNER_ORGANIZATION"
    record["createdAt"] = format_instant(created)
    record["lastAdministratorSignInAt"] = None if signed_in is None else format_instant(signed_in)
    return record


def trial_record(customer: str, trial: Entitlement) -> ImportRecord:
    return {**_common_fields(customer, trial), "licenses": _license_records(trial)}


def subscription_record(customer: str, subscription: Entitlement) -> ImportRecord:
    """Return the record without the fields that have their default value."""
    record = _common_fields(customer, subscription)
    record["termMonths"] = subscription.term_months
    record["autoRenew"] = subscription.auto_renew
    if not subscription.set_up:
        record["setUp"] = False
    if subscription.suspended_at is not None:
        record["suspended"] = True
        record["suspendedAt"] = format_instant(subscription.suspended_at)
    if subscription.cancelled_at is not None:
        record["cancelledAt"] = format_instant(subscription.cancelled_at)
    record["licenses"] = _license_records(subscription)
    return record


def _common_fields(customer: str, entitlement: Entitlement) -> ImportRecord:
    return {
        "number": entitlement.number,
        "customer": customer,
        "addedAt": format_instant(entitlement.added_at),
        "startsAt": format_instant(entitlement.starts_at),
        "endsAt": format_instant(entitlement.ends_at),
    }


def _license_records(entitlement: Entitlement) -> list[ImportRecord]:
    return [
        {**line.identity, "total": line.total, "assigned": line.assigned, "used": line.used}
        for line in entitlement.licenses
    ]


def format_instant(moment: datetime) -> str:
    """Format as RFC 3339 in whole seconds."""
    return moment.isoformat(timespec="seconds") + "Z"
