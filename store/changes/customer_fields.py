"""The fields of a customer's document that lists and searches read, made anew with every write."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.customers.keys import build_customer_keys, ordering_keys, running_keys, select_event_keys
from domain.entitlements.holdings import holding_keys
from domain.text.folding import customer_words, fold_for_sorting
from domain.time.instants import MAX_INSTANT
from store.database.client import Document
from store.tenants.partners import PartnerDocument

_LIST_FIELDS = ("_id", "partner_id", "order_keys", "keys")
_FOLDED_FROM = ("name", "domain", "external_id")


def is_removed(customer: Mapping[str, Any], now: datetime) -> bool:
    """Whether the customer exists only in the log by now."""
    return customer["removed_at"] is not None and customer["removed_at"] <= now


def storage_fields(
    customer: Mapping[str, Any], before: Mapping[str, Any], partner: PartnerDocument, now: datetime
) -> Document:
    """Version, times, words and keys of a customer whose facts and derived fields are set; `before` is as stored."""
    ends = [held["expires_at"] for held in customer["assignments"] if held["expires_at"] is not None]
    spelled = _folded_fields(customer, before)
    next_unassignment_at = min(ends, default=None)
    moments = (customer["next_evaluation_at"], customer["next_renewal_at"], next_unassignment_at)
    return {
        "partner_id": partner.partner_id,
        "version": before.get("version", 0) + 1,
        "updated_at": now,
        "settings_epoch": partner.epoch,
        "next_unassignment_at": next_unassignment_at,
        "due_at": min((moment for moment in moments if moment is not None), default=None),
        **spelled,
        **key_fields([] if is_removed(customer, now) else compute_keys(customer, spelled["words"])),
    }


def key_fields(keys: list[str]) -> Document:
    """The fields that indexes read for a customer with these keys."""
    return {"keys": keys, "order_keys": ordering_keys(keys)}


def put_list_fields_first(customer: Document) -> Document:
    """The document of a new customer, with what lists check in front: MongoDB looks through its fields one by one."""
    return {**{name: customer[name] for name in _LIST_FIELDS}, **customer}


def _folded_fields(customer: Mapping[str, Any], before: Mapping[str, Any]) -> Document:
    """Folding is the dearest part of a write, and a name seldom changes."""
    if all(name in before and before[name] == customer[name] for name in _FOLDED_FROM):
        return {"name_folded": before["name_folded"], "words": before["words"]}
    words = customer_words(customer["name"], customer["domain"], customer["external_id"])
    return {"name_folded": fold_for_sorting(customer["name"]), "words": words}


def compute_keys(customer: Mapping[str, Any], words: list[str]) -> list[str]:
    """The keys of a customer that exists; what it holds and its statuses are set."""
    holding = holding_keys(customer["holdings"], customer["evaluated_at"])
    return (
        running_keys(customer["running_products"])
        + holding
        + build_customer_keys(
            managed_by=customer["managed_by"],
            products=customer["products"],
            statuses=customer["statuses"],
            subscription_types=customer["subscription_types"],
            tag_ids=customer["tag_ids"],
            administrator_ids=[held["administrator_id"] for held in customer["assignments"]],
            country=customer["country"],
            words=words,
            expiring_ends=customer["expiring_ends"],
        )
    )


def build_event_facts(customer: Mapping[str, Any]) -> Document | None:
    """What a feed's filter and visibility read of a customer; None for one that is removed."""
    if not customer["keys"]:
        return None
    until = {a["administrator_id"]: a["expires_at"] for a in customer["assignments"] if a["expires_at"] is not None}
    return {
        "keys": select_event_keys(customer["keys"]),
        "words": customer["words"],
        "access_until": {key: end for key, end in until.items() if end < MAX_INSTANT},
    }
