"""The events that a change of a customer causes by itself, and their stored form."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from domain.customers.reasons import join_product_names
from domain.customers.tag_rules import RuledTags
from domain.customers.transitions import StatusTransition
from domain.partner.tags import format_tag_names
from domain.types import ActivityKind
from store.changes.customer_fields import apply_tag_rules, build_event_facts, compute_keys, key_fields
from store.database.client import Document
from store.events.facts import facts_fields
from store.events.log import EventDraft, event_document, status_summary
from store.tenants.partners import PartnerDocument

# What clients see, or find and count customers by, that time can change without a status transition; the first names
# the event. store/counts relies on it that nothing of this changes without an event.
_FIELDS_CHANGED_BY_TIME = (
    "products",
    "running_products",
    "subscription_types",
    "status_details",
    "invoice_states",
    "living_numbers",
    "expiring_ends",
    "renewing_ends",
    "holdings",
)
# These have no values in the API.
_FIELDS_WITHOUT_VALUES = frozenset(_FIELDS_CHANGED_BY_TIME[_FIELDS_CHANGED_BY_TIME.index("status_details") :])


def draft_removal(customer: Document, at: datetime | None) -> EventDraft:
    """Draft the event of a removal; `at` is None for the moment of the write."""
    return EventDraft(ActivityKind.CUSTOMER_REMOVED, customer["_id"], f"{customer['name']} was removed", at=at)


def draft_expired_assignment(customer: Document, assignment: Document, names: Mapping[str, str]) -> EventDraft:
    """Draft the event of an assignment that expired; `names` are display names by administrator id."""
    administrator_id = assignment["administrator_id"]
    name = names.get(administrator_id, "an administrator")
    summary = f"The access of {name} to {customer['name']} expired"
    return EventDraft(ActivityKind.ADMINISTRATOR_UNASSIGNED, administrator_id, summary, at=assignment["expires_at"])


def set_ruled_tags(customer: Document, partner: PartnerDocument, now: datetime) -> Sequence[EventDraft]:
    """Set the tags, and their keys, of a customer with its projection as the rules decide; return the events."""
    if not partner.tag_rules:
        return ()
    ruled = apply_tag_rules(customer, partner, now)
    drafts = list(_draft_ruled_tags(customer, ruled))
    if drafts:
        customer["tag_ids"] = ruled.tag_ids
        customer.update(key_fields(compute_keys(customer, customer["words"])))
    return drafts


def _draft_ruled_tags(customer: Document, ruled: RuledTags) -> Iterator[EventDraft]:
    """Draft the events of the tags that rules give to a customer and take off it."""
    tags = {"tags": [customer["tag_ids"], ruled.tag_ids]}
    for kind, rules, verb in (
        (ActivityKind.TAGS_ASSIGNED, ruled.added, "put on"),
        (ActivityKind.TAGS_REMOVED, ruled.removed, "taken off"),
    ):
        if rules:
            are = f"{format_tag_names(rule.name for rule in rules)} {'was' if len(rules) == 1 else 'were'}"
            summary = f"{are} {verb} {customer['name']} by {'its rule' if len(rules) == 1 else 'their rules'}"
            yield EventDraft(kind, customer["_id"], summary, tags)


def draft_changes_by_time(before: Document, after: Document) -> EventDraft | None:
    """Draft the event that lists and feeds need where only time changed visible fields; None where it changed none."""
    # A customer of an older database lacks fields until it is projected again.
    changed = [field for field in _FIELDS_CHANGED_BY_TIME if field in before and before[field] != after[field]]
    if not changed:
        return None
    if changed[0] == "products":
        products = join_product_names(after["products"]) if after["products"] else "nothing"
        summary = f"{after['name']} now holds {products}"
    else:
        summary = f"The entitlements of {after['name']} moved on with time"
    changes = {field: [before[field], after[field]] for field in changed if field not in _FIELDS_WITHOUT_VALUES}
    return EventDraft(ActivityKind.CUSTOMER_CHANGED, after["_id"], summary, changes)


def build_events(
    before: Document,
    after: Document,
    drafts: Sequence[EventDraft],
    transitions: Sequence[StatusTransition],
    now: datetime,
    actor_id: str | None,
) -> list[Document]:
    """Return the event documents of one change: first the drafts, then one event per status transition.

    All share the facts before and after. Feeds read the transition from the first one (`is_first_of_change`).
    """
    partner_id, name = after["partner_id"], after["name"]
    facts = facts_fields(build_event_facts(before), build_event_facts(after))
    shared = {"customer_id": after["_id"], "actor_id": actor_id, **facts}
    events = [event_document(partner_id, now, shared, draft) for draft in drafts]
    for transition in transitions:
        summary = status_summary(name, transition)
        draft = EventDraft(ActivityKind.STATUS_CHANGED, after["_id"], summary, at=transition.at)
        events.append(event_document(partner_id, now, shared, draft, transition))
    if events:
        events[0]["is_first_of_change"] = True
    return events
