"""The settings have one name everywhere: defaults, bounds, descriptions and the fields of the input."""

from domain.inputs import ABSENT
from domain.partner.settings import DEFAULT_SETTINGS, SETTING_BOUNDS, SETTING_DESCRIPTIONS, ChangeSettings


def test_every_setting_has_bounds_a_description_and_an_input_field() -> None:
    names = set(DEFAULT_SETTINGS)
    assert names == set(SETTING_BOUNDS) == set(SETTING_DESCRIPTIONS) == set(ChangeSettings().by_name())


def test_the_defaults_lie_within_the_bounds() -> None:
    for name, default in DEFAULT_SETTINGS.items():
        lowest, highest = SETTING_BOUNDS[name]
        assert 1 <= lowest <= default <= highest


def test_the_input_lists_absent_null_and_given_settings_by_name() -> None:
    input = ChangeSettings(version=3, expiring_soon_days=None, trial_days=20)
    assert input.by_name() == {"expiring_soon_days": None, "no_recent_activity_days": ABSENT, "trial_days": 20}
