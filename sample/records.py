"""The sample's lines: what an upstream system would deliver, with the keys that an import takes."""

from datetime import datetime

from sample.entitlements import Entitlement
from sample.names import Company
from sample.seeded_random import Dice

Line = dict[str, object]


def customer_line(dice: Dice, customer: str, company: Company, created: datetime, signed_in: datetime | None) -> Line:
    line: Line = {"externalId": customer, "name": company.name}
    # What an upstream system does not know, it leaves out.
    if not dice.chance(0.05):
        line["domain"] = company.domain
    if not dice.chance(0.02):
        line["country"] = company.country
    line["managedBy"] = "EXTERNAL_ADMINISTRATOR" if dice.chance(0.12) else "PARTNER_ORGANIZATION"
    line["createdAt"] = instant(created)
    line["lastAdministratorSignInAt"] = None if signed_in is None else instant(signed_in)
    return line


def trial_line(customer: str, trial: Entitlement) -> Line:
    return {**_head(customer, trial), "licenses": _licenses(trial)}


def subscription_line(customer: str, subscription: Entitlement) -> Line:
    """The fields with a default are there only where they say something else."""
    line = _head(customer, subscription)
    line["termMonths"] = subscription.term_months
    line["autoRenew"] = subscription.auto_renew
    if not subscription.set_up:
        line["setUp"] = False
    if subscription.suspended:
        line["suspended"] = True
    if subscription.cancelled is not None:
        line["cancelledAt"] = instant(subscription.cancelled)
    line["licenses"] = _licenses(subscription)
    return line


def _head(customer: str, entitlement: Entitlement) -> Line:
    return {
        "number": entitlement.number,
        "customer": customer,
        "addedAt": instant(entitlement.added),
        "startsAt": instant(entitlement.starts),
        "endsAt": instant(entitlement.ends),
    }


def _licenses(entitlement: Entitlement) -> list[Line]:
    return [
        {"product": line.product, "total": line.total, "assigned": line.assigned, "used": line.used}
        for line in entitlement.licenses
    ]


def instant(moment: datetime) -> str:
    """RFC 3339 in whole seconds."""
    return moment.isoformat(timespec="seconds") + "Z"
