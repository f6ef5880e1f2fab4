"""The reference model of customers, statuses and lists: the domain rules in plain Python.

It imports nothing of the product, so that both cannot have the same mistake.
"""

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
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
PRODUCTS += ["WEBINARS", "EVENTS", "CONTACT_CENTER", "DEVICES", "OTHER"]
# A line's product and name.
LineKey = tuple[str, str | None]
TYPES = ["SUBSCRIPTION", "TRIAL"]
MANAGERS = ["EXTERNAL_ADMINISTRATOR", "PARTNER_ORGANIZATION"]
EXPIRING_SOON_DAYS, NO_RECENT_ACTIVITY_DAYS = 7, 60
_INSTANTS = {"createdAt", "lastAdministratorSignInAt", "removedAt", "addedAt", "startsAt", "endsAt", "cancelledAt"}
_INSTANTS |= {"suspendedAt"}
_AT_FIRST: Mapping[str, Facts] = {
    "customers": {"domain": None, "country": None, "lastAdministratorSignInAt": None, "removedAt": None},
    "administrators": {"state": "ACTIVE", "assigned": []},
    "subscriptions": {"termMonths": 12, "setUp": True, "suspended": False, "suspendedAt": None, "cancelledAt": None},
    "trials": {},
    "invoices": {},
}
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}
# Thai, Hangul, Hiragana, Katakana, Han.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u1100-\u11ff\uac00-\ud7a3\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
# Latin letters that Unicode does not decompose.
_PLAIN_LETTERS = str.maketrans({"đ": "d", "ß": "ss", "ı": "i", "ø": "o", "ł": "l"})


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


class ModelPartner:
    """Everything that was delivered to one partner, in the order of delivery."""

    def __init__(self) -> None:
        self.facts: dict[str, dict[str, Facts]] = {kind: {} for kind in _AT_FIRST}
        self._delivered: dict[Any, Facts] = {}
        # What was computed of these facts: the tests ask for it again and again.
        self.memo: dict[Any, Any] = {}
        self._tags: dict[str, set[str]] = {}

    def put_tags(self, external_id: str, tags: Iterable[str]) -> None:
        """Give the customer these tags and no others."""
        self.memo.clear()
        self._tags[external_id] = {*tags}

    def deliver(self, kind: str, line: Facts, now: datetime) -> None:
        """Apply one accepted record: each field that differs from its previous delivery."""
        self.memo.clear()
        if kind == "license-usage":
            return self._use(line)
        key = line[{"customers": "externalId", "administrators": "email"}.get(kind, "number")]
        before = self._delivered.setdefault((kind, key), {})
        stored = self.facts[kind].setdefault(key, {**_AT_FIRST[kind], "licenses": {}})
        reached = self.end(stored, now) if _renews(stored) else None
        for name, given in line.items():
            if name == "licenses":
                _apply_licenses(stored["licenses"], before.get(name, {}), given)
            elif name not in before or before[name] != given:
                value = _AT_FIRST[kind].get(name) if given is None else given
                stored[name] = instant(value) if name in _INSTANTS and value is not None else value
        if "endsAt" in line and line["endsAt"] != before.get("endsAt"):
            stored["reached"] = stored["endsAt"]
        elif reached is not None:
            # Its end has moved on by itself, and a record with the same `endsAt` does not undo that.
            stored["reached"] = reached
        known = before.get("licenses", {})
        before.update(line)
        if "licenses" in line:
            given_lines = {line_key(one): one for one in line["licenses"]}
            names = _renamed(known, given_lines)
            known = {names.get(name, name): one for name, one in known.items()}
            before["licenses"] = {name: {**known.get(name, {}), **one} for name, one in given_lines.items()}
        return None

    def _use(self, line: Facts) -> None:
        """Apply the figures of a day; those of the newest day are the current ones."""
        target = self.usage_target(line)
        current = self.entitlement(line["entitlement"])["licenses"][target]
        before = self._delivered.setdefault((line["entitlement"], current["history"], line["day"]), {})
        figures: Facts = {name: line[name] for name in ("total", "assigned", "used") if name in line}
        changed = _changed(figures, before)
        before.update(changed)
        if changed and line["day"] >= current.get("day", ""):
            current.update(changed, day=line["day"])

    def usage_target(self, line: Facts) -> LineKey | None:
        """Return the line that a license-usage record is about; None where there is none or it could be several."""
        product, name = line_key(line)
        keys: list[LineKey] = [key for key in self.entitlement(line["entitlement"])["licenses"] if key[0] == product]
        if name is not None:
            return (product, name) if (product, name) in keys else None
        return keys[0] if len(keys) == 1 else None

    def entitlement(self, number: str) -> Facts:
        """Return what was delivered of a subscription or trial; without lines where nothing was."""
        return next((found[number] for found in self.kinds() if number in found), {"licenses": {}})

    def kinds(self) -> list[dict[str, Facts]]:
        return [self.facts["subscriptions"], self.facts["trials"]]

    def is_assigned(self, email: str, external_id: str) -> bool:
        return external_id in self.facts["administrators"][email]["assigned"]

    @staticmethod
    def end(stored: Facts, now: datetime) -> datetime:
        """Return the first end + n terms, for the smallest n whose end is after now, where it renews."""
        first: datetime = stored["endsAt"]
        if not _renews(stored):
            reached: datetime = stored.get("reached", first)
            return min(reached, stored.get("cancelledAt") or reached)
        count = 0
        while (end := months_later(first, count * stored["termMonths"])) <= now:
            count += 1
        return end

    def state(self, kind: str, stored: Facts, now: datetime) -> str:
        cancelled = stored.get("cancelledAt")
        if cancelled is not None and cancelled <= now:
            return "CANCELLED"
        if self.end(stored, now) <= now:
            return "EXPIRED"
        if kind == "subscriptions" and not stored["setUp"]:
            return "READY_FOR_SETUP"
        if stored["startsAt"] > now:
            return "SCHEDULED"
        return "SUSPENDED" if kind == "subscriptions" and stored["suspended"] else "ACTIVE"

    def customers(self, now: datetime) -> dict[str, Facts]:
        """Return the customers that exist, by external id, with everything that follows from the rules."""
        if now not in self.memo:
            there = self.facts["customers"].items()
            self.memo[now] = {
                key: self._customer(key, stored, now) for key, stored in there if not _is_past(stored["removedAt"], now)
            }
        customers: dict[str, Facts] = self.memo[now]
        return customers

    def since(self, external_id: str, status: str, now: datetime) -> datetime | None:
        """Return the earliest moment from which the facts say that the status has held; None where they do not."""
        since = None
        for moment in sorted({at for at in self._moments(external_id, now) if at <= now}, reverse=True):
            if not self._held(external_id, status, moment):
                break
            since = moment
        undated = [e for e in self._suspended(external_id, now) if not _is_past(e["suspendedAt"], now)]
        return None if status == "LICENSE_OVERAGE" or (status == "SUSPENDED" and undated) else since

    def _moments(self, external_id: str, now: datetime) -> Iterable[datetime]:
        """Yield every moment at which a status of the customer can begin or end."""
        stored = self.facts["customers"][external_id]
        quiet_since = stored["lastAdministratorSignInAt"] or stored["createdAt"]
        yield quiet_since + timedelta(days=NO_RECENT_ACTIVITY_DAYS)
        for _, facts, _, end in self._entitlements(external_id, now):
            yield from (facts["addedAt"], facts["startsAt"], end, end - timedelta(days=EXPIRING_SOON_DAYS))
            yield from (facts[name] for name in ("cancelledAt", "suspendedAt") if facts.get(name) is not None)

    def _suspended(self, external_id: str, at: datetime) -> list[Facts]:
        return [entry[1] for entry in self._entitlements(external_id, at) if entry[2] == "SUSPENDED"]

    def _held(self, external_id: str, status: str, at: datetime) -> bool:
        if status == "SUSPENDED":
            return any(_is_past(facts["suspendedAt"], at) for facts in self._suspended(external_id, at))
        if status == "READY_FOR_ORDER_SETUP":
            waiting = [entry[1] for entry in self._entitlements(external_id, at) if entry[2] == "READY_FOR_SETUP"]
            return any(facts["addedAt"] <= at for facts in waiting)
        return status in self._customer(external_id, self.facts["customers"][external_id], at)["statuses"]

    def _entitlements(self, external_id: str, now: datetime) -> list[tuple[str, Facts, str, datetime]]:
        """Return kind, facts, state and end of each entitlement of a customer."""
        return [
            (kind, facts, self.state(kind, facts, now), self.end(facts, now))
            for kind in ("subscriptions", "trials")
            for facts in self.facts[kind].values()
            if facts["customer"] == external_id
        ]

    def _newest_state(self, number: str) -> str | None:
        """Return the state of the subscription's newest invoice that is not VOID; of two of a day, the later stored."""
        newest: Facts = {"issuedOn": "", "state": None}
        for invoice in self.facts["invoices"].values():
            if invoice["subscription"] == number and invoice["state"] != "VOID":
                newest = invoice if invoice["issuedOn"] >= newest["issuedOn"] else newest
        state: str | None = newest["state"]
        return state

    def _customer(self, external_id: str, stored: Facts, now: datetime) -> Facts:
        if (external_id, now) not in self.memo:
            self.memo[external_id, now] = self._build_customer(external_id, stored, now)
        customer: Facts = self.memo[external_id, now]
        return customer

    def _build_customer(self, external_id: str, stored: Facts, now: datetime) -> Facts:
        mine = self._entitlements(external_id, now)
        running = [entry for entry in mine if entry[2] in ("ACTIVE", "SUSPENDED")]
        living = [entry for entry in mine if entry in running or entry[2] in ("READY_FOR_SETUP", "SCHEDULED")]
        expiring = [end for _, one, _, end in running if not _renews(one)]
        renewing = [end for _, one, _, end in running if _renews(one)]
        kinds, states = {entry[0] for entry in running}, [entry[2] for entry in mine]
        quiet_since = stored["lastAdministratorSignInAt"] or stored["createdAt"]
        holds = {
            "SUSPENDED": "SUSPENDED" in states,
            "LICENSE_OVERAGE": any(x["assigned"] > x["total"] for e in running for x in e[1]["licenses"].values()),
            "EXPIRING_SOON": any(now < end <= now + timedelta(days=EXPIRING_SOON_DAYS) for end in expiring),
            "EXPIRED": bool(mine) and not living,
            "READY_FOR_ORDER_SETUP": "READY_FOR_SETUP" in states,
            "NO_RECENT_ACTIVITY": bool(running) and quiet_since + timedelta(days=NO_RECENT_ACTIVITY_DAYS) <= now,
            "TRIAL": "trials" in kinds,
            "SUBSCRIPTION": any(entry[0] == "subscriptions" and entry[2] == "ACTIVE" for entry in mine),
        }
        statuses = [status for status in URGENCY if holds[status]]
        products = {product for entry in living for product, _ in entry[1]["licenses"]}
        types = {entry[0][:-1].upper() for entry in living}
        return {
            **stored,
            "statuses": statuses,
            "products": [product for product in PRODUCTS if product in products],
            "subscriptionTypes": [kind for kind in TYPES if kind in types],
            "needsAttention": bool({*statuses} - {"TRIAL", "SUBSCRIPTION"}),
            "expiring": expiring,
            "renewing": renewing,
            "numbers": [one.get("number", "") for _, one, _, _ in living],
            "invoiceStates": {self._newest_state(one.get("number", "")) for kind, one, _, _ in living} - {None},
            "tags": self._tags.get(external_id, set()),
            "NAME": sort_form(stored["name"]),
            "CREATED_AT": stored["createdAt"],
            "LAST_ADMINISTRATOR_SIGN_IN_AT": stored["lastAdministratorSignInAt"],
            "NEXT_EXPIRY_AT": min((entry[3] for entry in running), default=None),
            "URGENCY": URGENCY.index(statuses[0]) if statuses else None,
        }


def _renews(stored: Facts) -> bool:
    return bool(stored.get("autoRenew")) and stored["cancelledAt"] is None


def line_key(line: Facts) -> LineKey:
    """Return product and name; an unknown product is OTHER, with what was delivered as its name."""
    product, name = line["product"], line.get("name")
    if product in PRODUCTS:
        return product, name
    unknown = " ".join(word + "·" if set(word) == {"·"} else word for word in product.split(" "))
    return "OTHER", unknown if name is None else f"{unknown} · {name}"


def _renamed(before: Iterable[LineKey], given: Iterable[LineKey]) -> dict[LineKey, LineKey]:
    """Return the new key of each line that was the only one of its product, is it again, and got a name or lost it."""
    pairs = [(old, new) for old in before for new in given if old[0] == new[0]]
    products = [old[0] for old, _ in pairs]
    return {old: new for old, new in pairs if products.count(old[0]) == 1 and old != new and None in (old[1], new[1])}


def _apply_licenses(stored: dict[LineKey, Facts], before: Mapping[LineKey, Facts], given: list[Facts]) -> None:
    named = {line_key(one) for one in given}
    names = _renamed(before, named)
    before = {names.get(key, key): one for key, one in before.items()}
    for old, new in names.items():
        stored[new] = stored.pop(old)
    for key in [key for key in stored if key in before and key not in named]:
        del stored[key]
    for figures in given:
        key = line_key(figures)
        # Figures that were left out were delivered with 0.
        previous = {"assigned": 0, "used": 0, **before[key]} if key in stored and key in before else {}
        line = stored.setdefault(key, {"total": 0, "assigned": 0, "used": 0, "history": _new_history(key, stored)})
        counts = {name: value for name, value in figures.items() if name not in ("product", "name")}
        line.update(_changed(counts, previous))


def _new_history(key: LineKey, stored: Mapping[LineKey, Facts]) -> LineKey:
    """Return what the daily figures of a line are known by: its first key, which no other line has."""
    product, name = key
    taken = [line["history"] for line in stored.values()]
    while (product, name) in taken:
        name = f" {name or ''}"
    return product, name


def _changed(given: Facts, before: Mapping[str, Any]) -> Facts:
    """Return the figures that differ from the previous delivery; assigned and used are always applied together."""
    changed = {name: value for name, value in given.items() if before.get(name) != value}
    pair = {name: value for name, value in given.items() if name in ("assigned", "used")}
    return {**changed, **pair} if changed.keys() & pair.keys() else changed


def months_later(first: datetime, months: int) -> datetime:
    """Return the instant `months` calendar months later, with the day clamped to the month's length."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return first.replace(year=year, month=month + 1, day=min(first.day, calendar.monthrange(year, month + 1)[1]))


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def sort_form(text: str) -> str:
    """Return the Latin transliteration, casefolded."""
    return anyascii(text).casefold()


def words(text: str) -> list[str]:
    """Return the runs of letters and digits, without case, width and diacritics."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(_PLAIN_LETTERS)
    return "".join(letter if letter.isalnum() else " " for letter in bare).split()


def matches(filter: Mapping[str, Any], customer: Facts, assigned_ids: Iterable[str], now: datetime) -> bool:
    """Return whether the customer matches the filter; an absent or null condition always matches."""

    def holds(name: str, value: Any) -> bool:
        match name:
            case "has_assignments":
                return bool([*assigned_ids]) is value
            case "all_of":
                return all(matches(inner, customer, assigned_ids, now) for inner in value)
            case "any_of":
                return any(matches(inner, customer, assigned_ids, now) for inner in value)
            case "not_":
                return not matches(value, customer, assigned_ids, now)
            case _ if name in _CONDITIONS:
                return _CONDITIONS[name](value, customer, now)
            case _:
                return bool({*value} & {*values_of(name, customer, assigned_ids)})

    return all(holds(name, value) for name, value in filter.items() if value is not None)


def _ends_within(ends: Iterable[datetime], days: int, now: datetime) -> bool:
    return any(now < end <= now + timedelta(days=days) for end in ends)


def _is_in_range(moment: datetime | None, bounds: Mapping[str, datetime | None]) -> bool:
    """Return whether there is a moment, not before `since` and before `until`, where these are given."""
    since, until = bounds.get("since"), bounds.get("until")
    return moment is not None and (since is None or moment >= since) and (until is None or moment < until)


_CONDITIONS: Mapping[str, Callable[[Any, Facts, datetime], bool]] = {
    "search": lambda text, customer, now: not text.strip() or _is_found(text, customer),
    "expires_within_days": lambda days, customer, now: _ends_within(customer["expiring"], days, now),
    "renews_within_days": lambda days, customer, now: _ends_within(customer["renewing"], days, now),
    "kpi": lambda kpi, customer, now: (kpi["kind"], kpi.get("product")) in customer["kpis"],
    "tag": lambda tags, customer, now: bool({*tags} & customer["tags"]),
    "has_tags": lambda has_any, customer, now: bool(customer["tags"]) is has_any,
    "invoice_state": lambda states, customer, now: bool({*states} & customer["invoiceStates"]),
    "created_at": lambda bounds, customer, now: _is_in_range(customer["createdAt"], bounds),
    "last_administrator_sign_in_at": lambda bounds, customer, now: _is_in_range(
        customer["lastAdministratorSignInAt"], bounds
    ),
}


def values_of(name: str, customer: Facts, assigned_ids: Iterable[str]) -> Iterable[str]:
    """Return the customer's values that a condition of this name is compared with."""
    lists = {"product": "products", "status": "statuses", "subscription_type": "subscriptionTypes"}
    if name == "administrator":
        return assigned_ids
    return customer[lists[name]] if name in lists else [customer[{"managed_by": "managedBy"}.get(name, name)]]


def _is_found(search: str, customer: Facts) -> bool:
    texts = [customer[field] or "" for field in ("name", "domain", "externalId")] + customer["numbers"]
    found = [word for text in texts for spelling in spellings(text) for word in words(spelling)]
    terms = words(search)
    return bool(terms) and all(any(_is_start(word, term) for word in found) for term in terms)


def _is_start(word: str, term: str) -> bool:
    """Return whether the term stands at the word's start, or anywhere in a run of a script without spaces."""
    places = [place for place, letter in enumerate(word) if place == 0 or _UNSPACED.match(letter)]
    return any(word[place : place + len(term)] == term for place in places)


def spellings(text: str) -> list[str]:
    """Return the text with each umlaut by its base letter and by two letters, in every combination."""
    found = [""]
    for letter in unicodedata.normalize("NFC", text):
        forms = [letter, _UMLAUTS[letter.lower()]] if letter.lower() in _UMLAUTS else [letter]
        found = [before + form for before in found for form in forms]
    return found


def in_order(customers: Mapping[str, Facts], field: str, direction: str) -> list[str]:
    """Return the keys in order: nulls last in both directions; ties by name, then id, in the order's direction."""
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
