"""The fields of a customer's document that lists, searches and feeds read; every write computes them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.customers.keys import build_customer_keys, instant_keys, ordering_keys, running_keys, select_event_keys
from domain.customers.matching import CustomerEnds, CustomerValues
from domain.customers.tag_rules import RuledTags, apply_rules, next_rule_change_at
from domain.entitlements.holdings import holding_keys
from domain.text.folding import fold_for_sorting
from domain.text.words import customer_words, searched_words
from domain.time.instants import MAX_INSTANT
from store.database.client import Document
from store.tenants.partners import PartnerDocument

_LIST_FIELDS = (
    *("_id", "partner_id", "order_keys", "keys"),
    *("name_folded", "created_at", "sign_in_sort", "next_expiry_sort", "urgency_sort", "external_id", "due_at"),
)
_NAMED_BY = ("name", "domain", "external_id")
_FOLDED_FROM = (*_NAMED_BY, "living_numbers")


def is_removed(customer: Mapping[str, Any], now: datetime) -> bool:
    """True where the customer's removal has taken effect: only its events are shown."""
    return customer["removed_at"] is not None and customer["removed_at"] <= now


def storage_fields(
    customer: Mapping[str, Any], before: Mapping[str, Any], partner: PartnerDocument, now: datetime
) -> Document:
    """Return version, times, words and keys of a customer whose facts and projection are set; `before` is as stored."""
    expiries = [
        assignment["expires_at"] for assignment in customer["assignments"] if assignment["expires_at"] is not None
    ]
    folded_fields = fold_fields(customer, before)
    next_unassignment_at = min(expiries, default=None)
    next_evaluation_at = customer["next_evaluation_at"]
    if partner.tag_rules:
        rules_change_at = next_rule_change_at(partner.tag_rules, customer_ends(customer, now))
        next_evaluation_at = _earliest(next_evaluation_at, rules_change_at)
    return {
        "partner_id": partner.partner_id,
        "version": before.get("version", 0) + 1,
        "updated_at": now,
        "settings_epoch": partner.epoch,
        "next_unassignment_at": next_unassignment_at,
        "next_evaluation_at": next_evaluation_at,
        "due_at": _earliest(next_evaluation_at, customer["next_renewal_at"], next_unassignment_at),
        **folded_fields,
        **key_fields([] if is_removed(customer, now) else compute_keys(customer, folded_fields["words"])),
    }


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def customer_ends(customer: Mapping[str, Any], now: datetime) -> CustomerEnds:
    """Return the ends of the customer's running entitlements, as its projection has them."""
    return CustomerEnds(now, customer["expiring_ends"], customer["renewing_ends"])


def apply_tag_rules(customer: Mapping[str, Any], partner: PartnerDocument, now: datetime) -> RuledTags:
    """Return the tags by the partner's rules, of a customer with its projection and keys; a removed one keeps its."""
    rules = partner.tag_rules if customer["keys"] else ()
    created_at, signed_in_at = customer["created_at"], customer["last_administrator_sign_in_at"]
    values = CustomerValues(frozenset(customer["keys"]), customer["words"], created_at, signed_in_at)
    return apply_rules(rules, customer["tag_ids"], values, customer_ends(customer, now))


def key_fields(keys: list[str]) -> Document:
    """Return the indexed array fields for these keys."""
    return {"keys": keys, "order_keys": ordering_keys(keys)}


def put_list_fields_first(customer: Document) -> Document:
    """Return the document with the fields of its indexes in front.

    MongoDB searches a document from its start, and each change of a customer reads these fields for every index and
    key, before the change and after it.
    """
    return {**{name: customer[name] for name in _LIST_FIELDS}, **customer}


def fold_fields(customer: Mapping[str, Any], before: Mapping[str, Any]) -> Document:
    """Return the folded name and words: the stored ones where possible, because folding is slow."""
    if all(name in before for name in _FOLDED_FROM) and all(before[name] == customer[name] for name in _NAMED_BY):
        return {"name_folded": before["name_folded"], "words": _words_with_numbers(customer, before)}
    return {"name_folded": fold_for_sorting(customer["name"]), "words": _words(customer)}


def _words_with_numbers(customer: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return the words of a customer that has the name, domain and external id of `before`, whose words are stored."""
    numbers = set(customer["living_numbers"])
    if not numbers.issuperset(before["living_numbers"]):
        # A word of a number that is gone can also be one of the name.
        return _words(customer)
    added = numbers.difference(before["living_numbers"])
    words: list[str] = before["words"]
    return sorted({*words, *(word for number in added for word in searched_words(number))}) if added else words


def _words(customer: Mapping[str, Any]) -> list[str]:
    return customer_words(*(customer[name] for name in _FOLDED_FROM))


def compute_keys(customer: Mapping[str, Any], words: list[str]) -> list[str]:
    """Return the keys of a customer that is not removed; its holdings and statuses are set."""
    return (
        running_keys(customer["running_products"])
        + holding_keys(customer["holdings"], customer["evaluated_at"])
        + build_customer_keys(
            managed_by=customer["managed_by"],
            products=customer["products"],
            statuses=customer["statuses"],
            subscription_types=customer["subscription_types"],
            tag_ids=customer["tag_ids"],
            administrator_ids=[assignment["administrator_id"] for assignment in customer["assignments"]],
            country=customer["country"],
            invoice_states=customer["invoice_states"],
            words=words,
        )
        + instant_keys(
            expiring_ends=customer["expiring_ends"],
            renewing_ends=customer["renewing_ends"],
            created_at=customer["created_at"],
            last_sign_in_at=customer["last_administrator_sign_in_at"],
        )
    )


def build_event_facts(customer: Mapping[str, Any]) -> Document | None:
    """Return what the filter and the visibility of feeds read of a customer; None for a removed one."""
    if not customer["keys"]:
        return None
    expiries = {assignment["administrator_id"]: assignment["expires_at"] for assignment in customer["assignments"]}
    return {
        "keys": select_event_keys(customer["keys"]),
        "words": customer["words"],
        "created_at": customer["created_at"],
        "last_administrator_sign_in_at": customer["last_administrator_sign_in_at"],
        # The maximum instant stands for no end, as null does.
        "access_until": {id_: end for id_, end in expiries.items() if end is not None and end < MAX_INSTANT},
    }
