"""The reference model: domain.md's words in plain Python, knowing nothing of the code that it judges."""

import calendar
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cmp_to_key
from typing import Any

from anyascii import anyascii

Facts = dict[str, Any]
STATUSES = ["TRIAL", "SUBSCRIPTION", "EXPIRING_SOON", "LICENSE_OVERAGE"]
STATUSES += ["NO_RECENT_ACTIVITY", "READY_FOR_ORDER_SETUP", "SUSPENDED", "EXPIRED"]
URGENCY = ["SUSPENDED", "LICENSE_OVERAGE", "EXPIRING_SOON", "EXPIRED"]
URGENCY += ["READY_FOR_ORDER_SETUP", "NO_RECENT_ACTIVITY", "TRIAL", "SUBSCRIPTION"]
PRODUCTS = ["MEETINGS", "CALLING", "MESSAGING", "REAL_TIME_TRANSLATIONS"]
TYPES = ["SUBSCRIPTION", "TRIAL"]
MANAGERS = ["EXTERNAL_ADMINISTRATOR", "PARTNER_ORGANIZATION"]
EXPIRING_SOON_DAYS, NO_RECENT_ACTIVITY_DAYS = 30, 60
_INSTANTS = {"createdAt", "lastAdministratorSignInAt", "removedAt", "addedAt", "startsAt", "endsAt", "cancelledAt"}
_AT_FIRST: Mapping[str, Facts] = {
    "customers": {"domain": None, "country": None, "lastAdministratorSignInAt": None, "removedAt": None},
    "administrators": {"state": "ACTIVE", "assigned": []},
    "subscriptions": {"termMonths": 12, "setUp": True, "suspended": False, "cancelledAt": None},
    "trials": {},
}
# The letters that no decomposition explains, as domain.md and everyday use have them.
_PLAIN_LETTERS = str.maketrans({"đ": "d", "ß": "ss", "ı": "i", "ø": "o", "ł": "l"})


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


class ModelPartner:
    """All that was delivered to one partner, line by line in the order of delivery."""

    def __init__(self) -> None:
        self.facts: dict[str, dict[str, Facts]] = {kind: {} for kind in _AT_FIRST}
        self._delivered: dict[Any, Facts] = {}

    def deliver(self, kind: str, line: Facts, now: datetime) -> None:
        """One accepted line: each field is applied where it differs from what was delivered for it before."""
        if kind == "license-usage":
            return self._use(line)
        key = line[{"customers": "externalId", "administrators": "email"}.get(kind, "number")]
        before = self._delivered.setdefault((kind, key), {})
        held = self.facts[kind].setdefault(key, {**_AT_FIRST[kind], "licenses": {}})
        end_before = self.end(held, now) if "endsAt" in held else None
        for name, given in line.items():
            if name == "licenses":
                _apply_licenses(held["licenses"], before.get(name, {}), given)
            elif name not in before or before[name] != given:
                value = _AT_FIRST[kind].get(name) if given is None else given
                held[name] = instant(value) if name in _INSTANTS and value is not None else value
        if before.get("autoRenew") and line["autoRenew"] is False and line["endsAt"] == before["endsAt"]:
            # It has renewed by then, and a line that names no other end does not undo that.
            held["endsAt"] = end_before
        known = before.get("licenses", {})
        before.update(line)
        if "licenses" in line:
            given_lines = {one["product"]: one for one in line["licenses"]}
            before["licenses"] = {name: {**known.get(name, {}), **one} for name, one in given_lines.items()}
        return None

    def _use(self, line: Facts) -> None:
        """A day's figures: the newest day's are the current ones."""
        key = (line["entitlement"], line["product"], line["day"])
        before = self._delivered.setdefault(key, {})
        figures: Facts = {name: line[name] for name in ("total", "assigned", "used") if name in line}
        changed = _changed(figures, before)
        before.update(changed)
        held = next(f[line["entitlement"]] for f in self.kinds() if line["entitlement"] in f)
        current = held["licenses"][line["product"]]
        if changed and line["day"] >= current.get("day", ""):
            current.update(changed, day=line["day"])

    def has_line(self, number: str, product: str) -> bool:
        return any(number in found and product in found[number]["licenses"] for found in self.kinds())

    def kinds(self) -> list[dict[str, Facts]]:
        return [self.facts["subscriptions"], self.facts["trials"]]

    def is_assigned(self, email: str, external_id: str) -> bool:
        return external_id in self.facts["administrators"][email]["assigned"]

    @staticmethod
    def end(held: Facts, now: datetime) -> datetime:
        """The n-th end is the first end + n terms, for the smallest n that lies after now."""
        first: datetime = held["endsAt"]
        if not held.get("autoRenew"):
            return first
        count = 0
        while (end := months_later(first, count * held["termMonths"])) <= now:
            count += 1
        return end

    def state(self, kind: str, held: Facts, now: datetime) -> str:
        cancelled = held.get("cancelledAt")
        if cancelled is not None and cancelled <= now:
            return "CANCELLED"
        if self.end(held, now) <= now:
            return "EXPIRED"
        if kind == "subscriptions" and not held["setUp"]:
            return "READY_FOR_SETUP"
        if held["startsAt"] > now:
            return "SCHEDULED"
        return "SUSPENDED" if kind == "subscriptions" and held["suspended"] else "ACTIVE"

    def customers(self, now: datetime) -> dict[str, Facts]:
        """Those that exist, by external id, with what domain.md says of each."""
        there = self.facts["customers"].items()
        return {key: self._customer(key, held, now) for key, held in there if not _is_past(held["removedAt"], now)}

    def _entitlements(self, external_id: str, now: datetime) -> list[tuple[str, Facts, str, datetime]]:
        """Return kind, facts, state and end of each entitlement of a customer."""
        return [
            (kind, facts, self.state(kind, facts, now), self.end(facts, now))
            for kind in ("subscriptions", "trials")
            for facts in self.facts[kind].values()
            if facts["customer"] == external_id
        ]

    def _customer(self, external_id: str, held: Facts, now: datetime) -> Facts:
        mine = self._entitlements(external_id, now)
        running = [entry for entry in mine if entry[2] in ("ACTIVE", "SUSPENDED")]
        living = [entry for entry in mine if entry in running or entry[2] in ("READY_FOR_SETUP", "SCHEDULED")]
        expiring = [end for _, one, _, end in running if not one.get("autoRenew")]
        kinds, states = {entry[0] for entry in running}, [entry[2] for entry in mine]
        quiet_since = held["lastAdministratorSignInAt"] or held["createdAt"]
        holds = {
            "SUSPENDED": "SUSPENDED" in states,
            "LICENSE_OVERAGE": any(x["assigned"] > x["total"] for e in running for x in e[1]["licenses"].values()),
            "EXPIRING_SOON": any(now < end <= now + timedelta(days=EXPIRING_SOON_DAYS) for end in expiring),
            "EXPIRED": bool(mine) and not living,
            "READY_FOR_ORDER_SETUP": "READY_FOR_SETUP" in states,
            "NO_RECENT_ACTIVITY": bool(running) and quiet_since + timedelta(days=NO_RECENT_ACTIVITY_DAYS) <= now,
            "TRIAL": "trials" in kinds,
            "SUBSCRIPTION": "subscriptions" in kinds,
        }
        statuses = [status for status in URGENCY if holds[status]]
        products = {product for entry in living for product in entry[1]["licenses"]}
        types = {entry[0][:-1].upper() for entry in living}
        return {
            **held,
            "statuses": statuses,
            "products": [product for product in PRODUCTS if product in products],
            "subscriptionTypes": [kind for kind in TYPES if kind in types],
            "needsAttention": bool({*statuses} - {"TRIAL", "SUBSCRIPTION"}),
            "expiring": expiring,
            "NAME": sort_form(held["name"]),
            "CREATED_AT": held["createdAt"],
            "LAST_ADMINISTRATOR_SIGN_IN_AT": held["lastAdministratorSignInAt"],
            "NEXT_EXPIRY_AT": min((entry[3] for entry in running), default=None),
            "URGENCY": URGENCY.index(statuses[0]) if statuses else None,
        }


def _apply_licenses(held: dict[str, Facts], before: Mapping[str, Facts], given: list[Facts]) -> None:
    named = {one["product"] for one in given}
    for product in [product for product in held if product in before and product not in named]:
        del held[product]
    for one in given:
        told = before.get(one["product"], {}) if one["product"] in held else {}
        line = held.setdefault(one["product"], {"total": 0, "assigned": 0, "used": 0})
        line.update(_changed({name: value for name, value in one.items() if name != "product"}, told))


def _changed(given: Facts, before: Mapping[str, Any]) -> Facts:
    """What differs from what was delivered before; assigned and used are one fact: used never exceeds assigned."""
    changed = {name: value for name, value in given.items() if before.get(name) != value}
    pair = {name: value for name, value in given.items() if name in ("assigned", "used")}
    return {**changed, **pair} if changed.keys() & pair.keys() else changed


def months_later(first: datetime, months: int) -> datetime:
    """A calendar month later, with the day clamped to the month's length."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return first.replace(year=year, month=month + 1, day=min(first.day, calendar.monthrange(year, month + 1)[1]))


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def sort_form(text: str) -> str:
    """Latin transliteration, casefolded."""
    return anyascii(text).casefold()


def words(text: str) -> list[str]:
    """Runs of letters and digits, without case, width and diacritics."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(one for one in letters if not unicodedata.combining(one)).translate(_PLAIN_LETTERS)
    return "".join(one if one.isalnum() else " " for one in bare).split()


def matches(asked: Mapping[str, Any], customer: Facts, assigned_ids: Iterable[str], now: datetime) -> bool:
    """Whether the customer matches; a condition that is absent or None asks nothing."""

    def holds(name: str, value: Any) -> bool:
        match name:
            case "search":
                return not value.strip() or _is_found(value, customer)
            case "expires_within_days":
                return any(now < end <= now + timedelta(days=value) for end in customer["expiring"])
            case "all_of":
                return all(matches(one, customer, assigned_ids, now) for one in value)
            case "any_of":
                return any(matches(one, customer, assigned_ids, now) for one in value)
            case "not_":
                return not matches(value, customer, assigned_ids, now)
            case _:
                return bool({*value} & {*values_of(name, customer, assigned_ids)})

    return all(holds(name, value) for name, value in asked.items() if value is not None)


def values_of(name: str, customer: Facts, assigned_ids: Iterable[str]) -> Iterable[str]:
    """What a condition of this name is compared with."""
    lists = {"product": "products", "status": "statuses", "subscription_type": "subscriptionTypes"}
    if name == "administrator":
        return assigned_ids
    return customer[lists[name]] if name in lists else [customer[{"managed_by": "managedBy"}.get(name, name)]]


def _is_found(search: str, customer: Facts) -> bool:
    here = [w for field in ("name", "domain", "externalId") for w in words(customer[field] or "")]
    wanted = words(search)
    return bool(wanted) and all(any(word.startswith(start) for word in here) for start in wanted)


def in_order(customers: Mapping[str, Facts], field: str, direction: str) -> list[str]:
    """The keys: nulls last in both directions; ties by name, then id, in the order's direction."""
    sign = 1 if direction == "ASC" else -1

    def compare(one: str, other: str) -> int:
        a, b = customers[one][field], customers[other][field]
        if a == b:
            ties = [(customers[key]["NAME"], customers[key]["id"]) for key in (one, other)]
            return -sign if ties[0] < ties[1] else sign
        if a is None or b is None:
            return 1 if a is None else -1
        return sign if a > b else -sign

    return sorted(customers, key=cmp_to_key(compare))
