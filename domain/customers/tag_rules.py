"""Tags with a rule: a customer has such a tag exactly while it matches the rule, which is a CustomerFilter.

A rule reads one customer and the clock alone, so that every write of the customer, and the next moment at which time
changes the result, keep its tags true. The partner's document holds all rules of the partner.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.customers.conditions import AllOf, ExpiresWithin, HasKey, RenewsWithin, leaves
from domain.customers.filter import find_conditions, parse_filter
from domain.customers.key_dimensions import TAG
from domain.customers.matching import CustomerEnds, CustomerValues, matches
from domain.messages import Message, translatable
from domain.partner.tags import MAX_TAGS_PER_CUSTOMER, apply_tags

# Each rule is evaluated at every write of a customer.
MAX_TAG_RULES = 20
# Values and nested conditions of one rule.
MAX_RULE_VALUES = 200
# As JSON: every transaction that changes customers reads the rules with the partner.
MAX_RULE_LENGTH = 8_000
# Rules do not count to the limit of the tags that administrators assign.
MAX_TAGS_OF_CUSTOMER = MAX_TAGS_PER_CUSTOMER + MAX_TAG_RULES


class TagRule(NamedTuple):
    """A tag and the condition of its customers; `reads_tags` tells whether other tags decide it."""

    tag_id: str
    name: str
    condition: AllOf
    reads_tags: bool = True

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "TagRule":
        """Return the rule as the partner's document stores it: the tag, its name, the filter."""
        condition = parse_filter(document["filter"])
        return cls(document["tag_id"], document["name"], condition, bool(referenced_tags(condition)))


class RuledTags(NamedTuple):
    """The tags of a customer by the rules, and what they gain and lose."""

    tag_ids: list[str]
    added: Sequence[TagRule]
    removed: Sequence[TagRule]


def find_rule_mistakes(raw_filter: Mapping[str, Any], ruled_tags: Collection[str]) -> Iterator[Message]:
    """Yield what is wrong with a valid filter as a rule; `ruled_tags` are the tags that have rules, and its own."""
    names = set(find_conditions(raw_filter))
    if "kpi" in names:
        yield translatable("A tag's rule cannot contain kpi: its result changes with other customers.")
    if "has_tags" in names:
        yield translatable("A tag's rule cannot contain hasTags: the tag itself would change the result.")
    parts = list(leaves(parse_filter(raw_filter)))
    if not _referenced_tags(parts).isdisjoint(ruled_tags):
        yield translatable("A tag's rule cannot refer to itself or to a tag that has a rule.")
    if len(parts) + sum(len(part.keys) for part in parts if isinstance(part, HasKey)) > MAX_RULE_VALUES:
        yield translatable("A tag's rule may contain at most {most} conditions and values.", most=MAX_RULE_VALUES)


def referenced_tags(condition: AllOf) -> set[str]:
    """Return the ids of the tags that a condition reads."""
    return _referenced_tags(leaves(condition))


def _referenced_tags(parts: Iterable[Any]) -> set[str]:
    prefix = TAG.key("")
    keys = [key for part in parts if isinstance(part, HasKey) and part.dimension == TAG.name for key in part.keys]
    return {key.removeprefix(prefix) for key in keys}


def apply_rules(
    rules: Iterable[TagRule], tag_ids: Sequence[str], customer: CustomerValues, ends: CustomerEnds
) -> RuledTags:
    """Return the tags of the customer after the rules; tags without a rule stay, in their order."""
    wrong = [rule for rule in rules if (rule.tag_id in tag_ids) != matches(rule.condition, customer, ends)]
    added = [rule for rule in wrong if rule.tag_id not in tag_ids]
    removed = [rule for rule in wrong if rule.tag_id in tag_ids]
    kept = apply_tags(tag_ids, {rule.tag_id for rule in removed}, is_addition=False)
    return RuledTags([*kept, *(rule.tag_id for rule in added)], added, removed)


def next_rule_change_at(rules: Iterable[TagRule], ends: CustomerEnds) -> datetime | None:
    """Return when time alone next changes whether a customer matches; None for never.

    The end itself changes the entitlement, which has a moment of its own.
    """
    moments: list[datetime] = []
    for rule in rules:
        for part in leaves(rule.condition):
            if isinstance(part, ExpiresWithin | RenewsWithin):
                candidates = ends.expiring if isinstance(part, ExpiresWithin) else ends.renewing
                moments += [end - timedelta(days=part.days) for end in candidates]
    return min((moment for moment in moments if moment > ends.now), default=None)
