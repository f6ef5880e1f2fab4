"""Rules of tags in mutations: their checks, and the stored rules of the partner.

The document of a tag has its rule as it was given. The partner's document repeats the rules, because every write of a
customer reads it. A new or changed rule begins a new epoch of the settings: a job evaluates every customer again.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from domain.customers.filter import parse_filter
from domain.customers.tag_rules import MAX_RULE_LENGTH, MAX_TAG_RULES, TagRule, find_rule_mistakes, referenced_tags
from domain.failures import BadUserInput, Forbidden
from domain.messages import translatable
from domain.partner.views import filter_length, filter_to_document
from domain.permissions import Permission, has_permission
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.changes.reevaluation import save_partner
from store.database.client import Document
from store.tags.documents import Tags
from store.tenants.partners import PartnerDocument


def check_rule_permission(mutation: Mutation[Any]) -> None:
    """Raise Forbidden where the caller may not decide the tags of all customers of the partner."""
    if not has_permission(mutation.actor.role, Permission.MANAGE_INTEGRATIONS):
        raise Forbidden(Permission.MANAGE_INTEGRATIONS)


async def read_rule(mutation: Mutation[Any], given: Mapping[str, Any] | None, tag_id: str | None) -> Document | None:
    """Return the rule to store, None for no rule; add the mistakes. `tag_id` is the tag's own, None for a new one."""
    check_rule_permission(mutation)
    if given is None:
        return None
    rules, checks = mutation.partner.tag_rules, mutation.checks
    ruled = {rule.tag_id for rule in rules} | ({tag_id} if tag_id is not None else set())
    try:
        referenced = referenced_tags(parse_filter(given))
        mistakes = list(find_rule_mistakes(given, ruled))
    except BadUserInput as error:
        checks.add(UserErrorCode.INVALID, error.message, "rule")
        return None
    if filter_length(rule := filter_to_document(given)) > MAX_RULE_LENGTH:
        message = translatable("The rule is longer than {most} characters.", most=MAX_RULE_LENGTH)
        checks.add(UserErrorCode.TOO_LONG, message, "rule")
    for mistake in mistakes:
        checks.add(UserErrorCode.INVALID, mistake, "rule")
    if referenced - (await Tags(mutation.scope).by_ids(sorted(referenced), session=mutation.session)).keys():
        checks.add(UserErrorCode.INVALID, translatable("The rule refers to a tag that does not exist."), "rule")
    if tag_id is not None and find_dependent_rule(mutation, tag_id) is not None:
        message = translatable("Another tag's rule refers to this tag, so that it cannot have a rule.")
        checks.add(UserErrorCode.INVALID, message, "rule")
    if len(rules) >= MAX_TAG_RULES and tag_id not in {rule.tag_id for rule in rules}:
        message = translatable("A partner has at most {most} tags with rules.", most=MAX_TAG_RULES)
        checks.add(UserErrorCode.LIMIT_REACHED, message, "rule")
    return rule


def find_dependent_rule(mutation: Mutation[Any], tag_id: str) -> TagRule | None:
    """Return a rule that refers to the tag."""
    return next((rule for rule in mutation.partner.tag_rules if tag_id in referenced_tags(rule.condition)), None)


async def store_rule(mutation: Mutation[Any], tag_id: str, name: str, rule: Document | None) -> str | None:
    """Store the tag's rule with the partner; return the job that evaluates every customer, None without a rule.

    Without a rule, customers keep the tag, which administrators then assign.
    """
    partner = mutation.partner
    others = [stored for stored in partner.document.get("tag_rules", ()) if stored["tag_id"] != tag_id]
    rules = others if rule is None else [*others, {"tag_id": tag_id, "name": name, "filter": rule}]
    job = await save_partner(mutation, {"tag_rules": rules}, None if rule is None else asdict(partner.thresholds))
    # What this transaction still writes of customers must not follow a rule that has ended.
    mutation.partner = PartnerDocument({**partner.document, "tag_rules": rules})
    return job


async def rename_rule(mutation: Mutation[Any], tag_id: str, name: str) -> None:
    """Store the new name of a tag with its rule, for the summaries of events."""
    where = {**mutation.scope.match(), "tag_rules.tag_id": tag_id}
    change = {"$set": {"tag_rules.$.name": name}}
    await mutation.scope.collection("partners").update_one(where, change, session=mutation.session)
