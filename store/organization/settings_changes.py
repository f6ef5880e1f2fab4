"""changeSettings: new thresholds begin a new epoch, and every customer is evaluated anew behind the answer."""

from domain.customers.statuses import Thresholds
from domain.partner.settings import SETTING_BOUNDS, SETTING_DESCRIPTIONS
from domain.text.sentences import join_names
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Document
from store.events.log import EventDraft

_THRESHOLD_NAMES = tuple(Thresholds.__dataclass_fields__)


async def change_settings(mutation: Mutation) -> Document:
    """Changes what is given of the settings."""
    partner, checks = mutation.partner, mutation.checks
    given = {name: mutation.input[name] for name in SETTING_BOUNDS if checks.is_given(name)}
    for name, value in given.items():
        lowest, highest = SETTING_BOUNDS[name]
        if value is None:
            checks.add(UserErrorCode.INVALID, f"The {SETTING_DESCRIPTIONS[name]} cannot be removed.", name)
        else:
            checks.read_number(value, lowest, highest, f"The {SETTING_DESCRIPTIONS[name]}", name)
    checks.check_version(partner.settings["version"], "The settings")
    checks.raise_if_invalid()
    changes = {name: [partner.settings[name], value] for name, value in given.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if changes:
        await _update_settings(mutation, {name: pair[1] for name, pair in changes.items()})
        told = join_names(f"{SETTING_DESCRIPTIONS[name]} from {old} to {new}" for name, (old, new) in changes.items())
        mutation.add_event(
            EventDraft(ActivityKind.SETTINGS_CHANGED, partner.id, f"The settings changed: {told}", changes)
        )
    return {}


async def _update_settings(mutation: Mutation, changed: Document) -> None:
    partner, now = mutation.partner, mutation.scope.now
    settings = {**partner.settings, **changed, "version": partner.settings["version"] + 1}
    change: Document = {"$set": {"settings": settings, "updated_at": now}, "$inc": {"version": 1}}
    if not changed.keys().isdisjoint(_THRESHOLD_NAMES):
        step = {"epoch": partner.epoch + 1, "at": now, **{name: settings[name] for name in _THRESHOLD_NAMES}}
        change["$push"] = {"settings_history": step}
        change["$set"]["reevaluating"] = True
    await mutation.scope.collection("partners").update_one(mutation.scope.match(), change, session=mutation.session)
