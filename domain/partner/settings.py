"""The thresholds that a partner chooses: their defaults and bounds (domain.md, "Customer statuses")."""

from collections.abc import Mapping

DEFAULT_SETTINGS: Mapping[str, int] = {"expiring_soon_days": 30, "no_recent_activity_days": 60, "trial_days": 30}
SETTING_BOUNDS: Mapping[str, tuple[int, int]] = {
    "expiring_soon_days": (1, 180),
    "no_recent_activity_days": (1, 365),
    "trial_days": (1, 90),
}
SETTING_DESCRIPTIONS: Mapping[str, str] = {
    "expiring_soon_days": "days before an end that count as expiring soon",
    "no_recent_activity_days": "days without a sign-in that count as no recent activity",
    "trial_days": "days of a trial",
}
