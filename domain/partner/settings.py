"""The settings of a partner: defaults, bounds, and the input that changes them."""

from collections.abc import Mapping

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.messages import Message, translatable

DEFAULT_SETTINGS: Mapping[str, int] = {"expiring_soon_days": 7, "no_recent_activity_days": 60, "trial_days": 30}
SETTING_BOUNDS: Mapping[str, tuple[int, int]] = {
    "expiring_soon_days": (1, 180),
    "no_recent_activity_days": (1, 365),
    "trial_days": (1, 90),
}
SETTING_DESCRIPTIONS: Mapping[str, Message] = {
    "expiring_soon_days": translatable("days before an end that count as expiring soon"),
    "no_recent_activity_days": translatable("days without a sign-in that count as no recent activity"),
    "trial_days": translatable("days of a trial"),
}


class ChangeSettings(Struct, frozen=True, kw_only=True):
    """The changes of the settings; an absent field keeps its value, and null is invalid."""

    version: Omittable[int] = ABSENT
    expiring_soon_days: Omittable[int] = ABSENT
    no_recent_activity_days: Omittable[int] = ABSENT
    trial_days: Omittable[int] = ABSENT

    def by_name(self) -> dict[str, Omittable[int]]:
        """Return the settings by the names that `DEFAULT_SETTINGS` uses."""
        return {
            "expiring_soon_days": self.expiring_soon_days,
            "no_recent_activity_days": self.no_recent_activity_days,
            "trial_days": self.trial_days,
        }
