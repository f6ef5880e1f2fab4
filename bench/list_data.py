"""Generated customers for bench/list.py: documents as the write path stores them, inserted directly."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from domain.text.folding import fold_for_sorting
from domain.text.words import customer_words
from domain.time.instants import MAX_INSTANT, truncate_to_milliseconds
from domain.types import URGENCY
from store.changes.customer_fields import compute_keys, key_fields, put_list_fields_first

DAY = timedelta(days=1)
TAGS = [f"tag_{number:024x}" for number in range(40)]
ADMINISTRATORS = [f"adm_{number:024x}" for number in range(20)]
COUNTRIES = ["DE", "US", "FR", "GB", "RS", "JP", "IN", "BR", "TR", "PL", "SE", "KR"]
_STEMS = ["Đorđe", "Müller", "Nordic", "Aqua", "Solar", "Vista", "Omega", "Granit", "Łódź", "Terra", "Bright", "Örebro"]
_ENDS = ["works", "media", "soft", "bau", "net", "lab", "trade", "care", "line", "port", "tech", "foods"]
_FORMS = ["GmbH", "Inc", "SA", "Ltd", "株式会社", "AB", "d.o.o."]
_BATCH_SIZE = 2000
_REASON = {"code": "SUSPENDED", "type": "SUBSCRIPTION", "number": "SUB-1", "others": 0}
# The share of customers with living entitlements that have the product.
PRODUCT_SHARES = {"MEETINGS": 0.7, "CALLING": 0.5, "MESSAGING": 0.3, "REAL_TIME_TRANSLATIONS": 0.05}
# The maximum age of a customer by stage, in days. New customers have the trials and the orders to set up.
AGES = {"waiting": 20, "on trial": 60, "both": 400}


def skewed_index(rng: random.Random, size: int) -> int:
    """Return a number below `size`; low numbers are far more frequent than high ones."""
    return int(size * rng.random() ** 3)


def generate_customer(partner_id: str, number: int, rng: random.Random, now: datetime) -> dict[str, Any]:
    """Return one customer whose statuses, ends and keys are consistent."""
    name = f"{_STEMS[skewed_index(rng, 12)]}{rng.choice(_ENDS)} {rng.randrange(5000)} {_FORMS[skewed_index(rng, 7)]}"
    kind = rng.random()
    age = rng.random() * AGES.get(_stage(kind), 900)
    created_at = truncate_to_milliseconds(now - age * DAY)
    signed_in = truncate_to_milliseconds(now - min(age, rng.random() ** 2 * 200) * DAY) if rng.random() < 0.75 else None
    document: dict[str, Any] = {
        "_id": f"cus_{rng.getrandbits(96):024x}",
        "partner_id": partner_id,
        "version": 1,
        "created_at": created_at,
        "updated_at": now,
        "external_id": f"ORG-{number:06d}",
        "name": name,
        "domain": f"{fold_for_sorting(name).split()[0]}.example",
        "country": COUNTRIES[skewed_index(rng, 12)],
        "managed_by": "PARTNER_ORGANIZATION" if rng.random() < 0.7 else "EXTERNAL_ADMINISTRATOR",
        "last_administrator_sign_in_at": signed_in,
        "due_at": None,
        "removed_at": None,
        "tag_ids": sorted({TAGS[skewed_index(rng, 40)] for _ in range(skewed_index(rng, 5))}),
        "assignments": [],
        "delivered": {},
        "name_folded": fold_for_sorting(name),
        **_holdings(kind, rng, now, signed_in or created_at),
    }
    if rng.random() < 0.5:
        holder = {"administrator_id": ADMINISTRATORS[skewed_index(rng, 20)], "assigned_at": created_at}
        document["assignments"] = [{**holder, "assigned_by": None, "expires_at": None, "imported": True}]
    document["sign_in_sort"] = signed_in or MAX_INSTANT
    return _with_keys(document)


def _stage(kind: float) -> str:
    bounds = ((0.12, "expired"), (0.17, "waiting"), (0.2, "idle"), (0.28, "on trial"), (0.36, "both"))
    return next((stage for bound, stage in bounds if kind < bound), "subscribed")


def _holdings(kind: float, rng: random.Random, now: datetime, active_at: datetime) -> dict[str, Any]:
    stage = _stage(kind)
    expired, waiting, running = stage == "expired", stage == "waiting", kind >= 0.2
    has_trial, has_subscription = stage in ("on trial", "both"), stage in ("both", "subscribed")
    trial_ends = [truncate_to_milliseconds(now + rng.random() * 90 * DAY)] if has_trial else []
    subscription_ends = [truncate_to_milliseconds(now + rng.random() * 730 * DAY)] if has_subscription else []
    expiring = sorted(trial_ends + (subscription_ends if rng.random() < 0.5 else []))
    has_status = {
        "SUSPENDED": has_subscription and rng.random() < 0.02,
        "LICENSE_OVERAGE": running and rng.random() < 0.06,
        "EXPIRING_SOON": any(end <= now + 30 * DAY for end in expiring),
        "EXPIRED": expired,
        "READY_FOR_ORDER_SETUP": waiting,
        "NO_RECENT_ACTIVITY": running and active_at <= now - 60 * DAY,
        "TRIAL": has_trial,
        "SUBSCRIPTION": has_subscription,
    }
    statuses = [str(status) for status in URGENCY if has_status[status]]
    urgency = next((rank for rank, status in enumerate(URGENCY) if has_status[status]), None)
    next_expiry = min(trial_ends + subscription_ends, default=None)
    living = running or waiting
    types = ["SUBSCRIPTION"] * (has_subscription or waiting) + ["TRIAL"] * has_trial
    products = [product for product, share in PRODUCT_SHARES.items() if living and rng.random() < share]
    return {
        "statuses": statuses,
        "status_details": [
            {"status": status, "since": active_at, "entered_at": active_at, "reason": _REASON, "entitlement_ids": []}
            for status in statuses
        ],
        "products": products or (["MEETINGS"] if living else []),
        "subscription_types": types,
        "next_expiry_at": next_expiry,
        "next_expiry_sort": next_expiry or MAX_INSTANT,
        "expiring_ends": expiring,
        "renewing_ends": [end for end in subscription_ends if end not in expiring],
        "living_numbers": [f"SUB-{rng.randrange(1_000_000):06d}"] if living else [],
        "invoice_states": [rng.choice(["PAID", "PAID", "PAID", "OPEN", "OVERDUE"])] if has_subscription else [],
        "urgency": urgency,
        "urgency_sort": len(URGENCY) if urgency is None else urgency,
    }


def _with_keys(document: dict[str, Any]) -> dict[str, Any]:
    texts = ("name", "domain", "external_id", "living_numbers")
    words = customer_words(*(document[name] for name in texts))
    keys = compute_keys(
        {**document, "running_products": (), "holdings": {}, "evaluated_at": document["updated_at"]}, words
    )
    return put_list_fields_first({**document, "words": words, **key_fields(keys)})


def generate_customers(partner_id: str, first: int, count: int, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield customers, the same for the same partner, first number and moment."""
    rng = random.Random(f"{partner_id} {first}")
    return (generate_customer(partner_id, number, rng, now) for number in range(first, first + count))


def fill(uri: str, database: str, partner_id: str, first: int, count: int, now: datetime) -> None:
    """Insert some of a partner's customers. Creating the indexes afterwards is faster."""
    with MongoClient[dict[str, Any]](uri) as client:
        customers = client[database].get_collection("customers", write_concern=WriteConcern(w=1, j=False))
        generated = generate_customers(partner_id, first, count, now)
        while batch := list(islice(generated, _BATCH_SIZE)):
            customers.insert_many(batch, ordered=False)
