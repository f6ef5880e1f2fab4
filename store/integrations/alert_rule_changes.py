"""The mutations of alert rules; each function is the body of one transaction.

A change of a rule is a transaction; the process that makes alerts then compares the rule with all customers (`scan`).
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from domain.cursors.feed import Position
from domain.inputs import ABSENT, value_or_none
from domain.integrations.alerts import MAX_NAME_LENGTH, MAX_OWN_RULES, DeleteAlertRule, SaveAlertRule
from domain.integrations.mail_addresses import UnsubscribeReference
from domain.languages.languages import Language
from domain.messages import translatable
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Client, Document, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import NO_CUSTOMER, EventDraft, event_document
from store.integrations.alert_mail import dropped_mail, pending_mail, sends_mail
from store.integrations.alert_mail_inputs import read_mail_fields
from store.integrations.alert_making import new_scan
from store.integrations.alerts import PROGRESS, RULES, AlertRules
from store.integrations.event_filters import read_event_filter
from store.integrations.webhooks import position_document

_RULE = translatable("alert rule")
# What decides which customers have alerts.
_WATCHED = {"statuses", "filter", "paused"}


class RuleSurroundings(Struct, frozen=True):
    """What a rule needs besides the input: `read_position` returns the position from which a new one follows the log.

    E-mails of a rule are in the `language` of the request in which its owner saved it last.
    """

    read_position: Callable[[], Position]
    most_rules: int
    has_mail: bool
    language: Language


async def save_alert_rule(mutation: Mutation[SaveAlertRule], surroundings: RuleSurroundings) -> ChangedObject:
    """Insert a rule of the caller, or change the fields that the input has."""
    stored = await _find_rule_to_save(mutation)
    fields = {
        "name": _read_name(mutation, stored),
        "statuses": _read_statuses(mutation, stored),
        "filter": _read_filter(mutation, stored),
        **read_mail_fields(mutation, stored, has_mail=surroundings.has_mail),
        "paused": _read_paused(mutation, stored),
    }
    if stored is None:
        await _check_limits(mutation, surroundings.most_rules)
    mutation.checks.raise_if_invalid()
    if stored is None:
        return await _insert(mutation, {**fields, "language": surroundings.language}, surroundings.read_position())
    changed = {name for name, value in fields.items() if stored[name] != value}
    if changed:
        is_own = stored["owner_id"] == mutation.actor.id
        fields["language"] = surroundings.language if is_own else stored["language"]
        await _change(mutation, stored, fields, changed)
    return ChangedObject(stored["_id"])


async def _change(
    mutation: Mutation[SaveAlertRule], stored: Document, fields: Document, changed: Collection[str]
) -> None:
    """Write the fields, and the effects of those that have changed."""
    scope = mutation.scope
    effects: Document = {"updated_at": scope.now}
    if not _WATCHED.isdisjoint(changed):
        effects["scan"] = new_scan(scope.now)
    if not (_WATCHED | {"email"}).isdisjoint(changed):
        effects["mailed_from"] = scope.now
    if "first_at" in stored["mail"]:
        rule = {**stored, **fields}
        effects["mail"] = pending_mail(scope, rule) if sends_mail(rule) else dropped_mail(rule)
    where = {**scope.match(), "_id": stored["_id"]}
    change = {"$set": {**fields, **effects}, "$inc": {"version": 1}}
    await scope.collection(RULES).update_one(where, change, session=mutation.session)
    _add_event(mutation, stored["_id"], "changed")


async def delete_alert_rule(mutation: Mutation[DeleteAlertRule]) -> ChangedObject:
    """Delete a rule. Its alerts are gone at once for every reader; the process that makes alerts deletes them."""
    rule = await _find_rule(mutation, mutation.input.id)
    now = mutation.scope.now
    change = {"$set": {"deleted_at": now, "scan": new_scan(now), "mail": {}, "updated_at": now}, "$inc": {"version": 1}}
    where = {**mutation.scope.match(), "_id": rule["_id"]}
    await mutation.scope.collection(RULES).update_one(where, change, session=mutation.session)
    _add_event(mutation, rule["_id"], "deleted")
    return ChangedObject(rule["_id"])


async def _insert(mutation: Mutation[SaveAlertRule], fields: Document, start: Position) -> ChangedObject:
    scope, session = mutation.scope, mutation.session
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now}
    rule = {"_id": new_id("alr"), **stamps, **fields, "owner_id": mutation.actor.id}
    begun = {"deleted_at": None, "scan": new_scan(scope.now), "mailed_from": scope.now, "mail": {}}
    await scope.collection(RULES).insert_many([{**rule, **begun}], session=session)
    # The change of a progress that exists conflicts with its deletion after the last rule.
    first = {"created_at": scope.now, "updated_at": scope.now, "position": position_document(start)}
    change = {"$setOnInsert": first, "$inc": {"version": 1}}
    where = {"_id": scope.partner_id, **scope.match()}
    await scope.collection(PROGRESS).update_one(where, change, upsert=True, session=session)
    _add_event(mutation, rule["_id"], "created")
    return ChangedObject(rule["_id"])


async def _find_rule_to_save(mutation: Mutation[SaveAlertRule]) -> Document | None:
    """Return the rule of the input's id; None for a new rule."""
    rule_id = value_or_none(mutation.input.id)
    if rule_id is None:
        return None
    rule = await _find_rule(mutation, rule_id)
    mutation.checks.check_version(mutation.input.version, rule["version"], translatable("The alert rule"))
    return rule


async def _find_rule(mutation: Mutation[Any], rule_id: str) -> Document:
    """Return a rule of the caller, or any with MANAGE_INTEGRATIONS; reject the mutation where there is none."""
    where = {**AlertRules.match_visible(mutation.scope), "_id": rule_id}
    rule = await mutation.scope.collection(RULES).find_one(where, session=mutation.session)
    if rule is None:
        mutation.checks.add_not_found(_RULE, "id")
    return mutation.checks.require(rule)


def _read_name(mutation: Mutation[SaveAlertRule], stored: Document | None) -> str | None:
    checks, given = mutation.checks, mutation.input.name
    if given is not ABSENT:
        return checks.read_line(given, MAX_NAME_LENGTH, translatable("The rule's name"), "name")
    if stored is not None:
        return str(stored["name"])
    checks.add(UserErrorCode.BLANK, translatable("A new alert rule needs a name."), "name")
    return None


def _read_statuses(mutation: Mutation[SaveAlertRule], stored: Document | None) -> list[str]:
    given = mutation.input.statuses
    if given is ABSENT and stored is not None:
        return list(stored["statuses"])
    statuses = list(dict.fromkeys(map(str, given))) if isinstance(given, tuple) else []
    if not statuses:
        message = translatable("An alert rule needs at least one status.")
        mutation.checks.add(UserErrorCode.INVALID, message, "statuses")
    return statuses


def _read_filter(mutation: Mutation[SaveAlertRule], stored: Document | None) -> Mapping[str, Any] | None:
    """Return the filter to store: that of the input, or the stored one where the input has none."""
    given = mutation.input.filter
    if given is ABSENT and stored is not None:
        kept: Mapping[str, Any] | None = stored["filter"]
        return kept
    return read_event_filter(mutation.checks, given)


def _read_paused(mutation: Mutation[SaveAlertRule], stored: Document | None) -> bool:
    given = mutation.input.paused
    if given is None:
        message = translatable("An alert rule is paused or not: give true or false.")
        mutation.checks.add(UserErrorCode.INVALID, message, "paused")
    return given if isinstance(given, bool) else stored is not None and bool(stored["paused"])


async def _check_limits(mutation: Mutation[SaveAlertRule], most_rules: int) -> None:
    """Add LIMIT_REACHED for one rule too many of the caller or the partner.

    The guard on the partner's document makes two concurrent mutations conflict.
    """
    scope, session = mutation.scope, mutation.session
    await scope.collection("partners").update_one(scope.match(), {"$inc": {"alerts_guard": 1}}, session=session)
    where = {**scope.match(), "deleted_at": None}
    rules = await scope.collection(RULES).find(where, {"owner_id": 1}, limit=most_rules, session=session)
    if len(rules) >= most_rules:
        message = translatable("A partner has at most {most} alert rules: delete one first.", most=most_rules)
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message)
    elif sum(rule["owner_id"] == mutation.actor.id for rule in rules) >= MAX_OWN_RULES:
        message = translatable("You have {most} alert rules, which is the most: delete one first.", most=MAX_OWN_RULES)
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message)


async def pause_rule(client: Client, rule: UnsubscribeReference) -> bool:
    """Pause the rule, as the address in its e-mails does, for its owner; return False where there is no such rule."""
    scope = Scope(client, rule.partner_id, utc_now())

    async def pause(session: Session) -> bool:
        where = {**scope.match(), "_id": rule.rule_id, "deleted_at": None}
        stored = await scope.collection(RULES).find_one(where, session=session)
        if stored is None or stored["paused"]:
            return stored is not None
        effects = {"scan": new_scan(scope.now), "mailed_from": scope.now, "mail": dropped_mail(stored)}
        changed = {"paused": True, **effects, "updated_at": scope.now}
        await scope.collection(RULES).update_one(where, {"$set": changed, "$inc": {"version": 1}}, session=session)
        draft = EventDraft(ActivityKind.ALERT_RULE_CHANGED, rule.rule_id, "An alert rule was paused from its e-mail")
        event = event_document(scope.partner_id, scope.now, {**NO_CUSTOMER, "actor_id": None}, draft)
        await scope.collection("events").insert_many([event], session=session)
        return True

    return await in_transaction(client, pause)


def _add_event(mutation: Mutation[Any], rule_id: str, verb: str) -> None:
    """Add the event of a rule, without its name: everybody reads the log, and rules are the owner's own."""
    mutation.add_event(EventDraft(ActivityKind.ALERT_RULE_CHANGED, rule_id, f"An alert rule was {verb}"))
