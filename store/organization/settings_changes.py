"""changeSettings: new thresholds begin a new epoch, and every customer is evaluated anew behind the answer."""

from domain.customers.statuses import Thresholds
from domain.partner.settings import BOUNDS, NAMES
from domain.text.sentences import listed
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Document
from store.events.log import Note

_THRESHOLDS = tuple(Thresholds.__dataclass_fields__)


async def change_settings(mutation: Mutation) -> Document:
    """Changes what is given of the settings."""
    partner, checks = mutation.partner, mutation.checks
    given = {name: mutation.input[name] for name in BOUNDS if checks.has(name)}
    for name, value in given.items():
        lowest, highest = BOUNDS[name]
        if value is None:
            checks.add(UserErrorCode.INVALID, f"The {NAMES[name]} cannot be removed.", name)
        else:
            checks.number(value, lowest, highest, f"The {NAMES[name]}", name)
    checks.version(partner.settings["version"], "The settings")
    checks.raise_any()
    changes = {name: [partner.settings[name], value] for name, value in given.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if changes:
        await _write(mutation, {name: pair[1] for name, pair in changes.items()})
        told = listed(f"{NAMES[name]} from {old} to {new}" for name, (old, new) in changes.items())
        mutation.tell(Note(ActivityKind.SETTINGS_CHANGED, partner.id, f"The settings changed: {told}", changes))
    return {}


async def _write(mutation: Mutation, changed: Document) -> None:
    partner, now = mutation.partner, mutation.scope.now
    settings = {**partner.settings, **changed, "version": partner.settings["version"] + 1}
    change: Document = {"$set": {"settings": settings, "updated_at": now}, "$inc": {"version": 1}}
    if not changed.keys().isdisjoint(_THRESHOLDS):
        step = {"epoch": partner.epoch + 1, "at": now, **{name: settings[name] for name in _THRESHOLDS}}
        change["$push"] = {"settings_history": step}
        change["$set"]["reevaluating"] = True
    await mutation.scope.collection("partners").update_one(mutation.scope.match(), change, session=mutation.session)
