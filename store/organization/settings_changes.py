"""The mutation that changes the settings.

New thresholds start a new epoch. A job then evaluates every customer of an older epoch again.
"""

from msgspec import Struct

from domain.customers.statuses import Thresholds
from domain.inputs import ABSENT
from domain.messages import translatable
from domain.partner.settings import SETTING_BOUNDS, SETTING_DESCRIPTIONS, ChangeSettings
from domain.text.sentences import join_names
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.changes.reevaluation import save_partner
from store.database.client import Document
from store.events.log import EventDraft

_THRESHOLD_NAMES = Thresholds.__struct_fields__


class SettingsChanged(Struct, frozen=True):
    """The id of the job that evaluates the customers again; None where no threshold changed."""

    job: str | None = None


async def change_settings(mutation: Mutation[ChangeSettings]) -> SettingsChanged:
    """Change the settings that the input contains; new thresholds start a job."""
    partner, checks = mutation.partner, mutation.checks
    values = {name: value for name, value in mutation.input.by_name().items() if value is not ABSENT}
    for name, value in values.items():
        lowest, highest = SETTING_BOUNDS[name]
        what = translatable("The {setting}", setting=SETTING_DESCRIPTIONS[name])
        if value is None:
            checks.add(UserErrorCode.INVALID, translatable("{what} cannot be removed.", what=what), name)
        else:
            checks.read_number(value, lowest, highest, what, name)
    checks.check_version(mutation.input.version, partner.settings["version"], translatable("The settings"))
    checks.raise_if_invalid()
    changes = {
        name: [partner.settings[name], value] for name, value in values.items() if partner.settings[name] != value
    }
    job = None
    if changes:
        job = await _update_settings(mutation, {name: after for name, (_before, after) in changes.items()})
        descriptions = (
            f"{SETTING_DESCRIPTIONS[name].text} from {old} to {new}" for name, (old, new) in changes.items()
        )
        summary = f"The settings changed: {join_names(descriptions)}"
        mutation.add_event(EventDraft(ActivityKind.SETTINGS_CHANGED, partner.id, summary, changes))
    return SettingsChanged(job)


async def _update_settings(mutation: Mutation[ChangeSettings], values: Document) -> str | None:
    stored = mutation.partner.settings
    settings = {**stored, **values, "version": stored["version"] + 1}
    has_new_thresholds = not values.keys().isdisjoint(_THRESHOLD_NAMES)
    thresholds = {name: settings[name] for name in _THRESHOLD_NAMES} if has_new_thresholds else None
    return await save_partner(mutation, {"settings": settings}, thresholds)
