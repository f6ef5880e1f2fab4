"""The API's spelling of names and of paths in an input."""

import pytest

from domain.text.api_names import api_name, api_path
from domain.user_errors import InputPath


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("name", "name"),
        ("external_id", "externalId"),
        ("no_recent_activity_days", "noRecentActivityDays"),
        ("not_", "not"),
        ("0", "0"),
    ],
)
def test_a_name_is_spelled_in_camel_case(name: str, spelled: str) -> None:
    assert api_name(name) == spelled


@pytest.mark.parametrize(
    ("steps", "spelled"),
    [
        ((), ["input"]),
        (("idempotency_key",), ["input", "idempotencyKey"]),
        (("licenses", 2, "licenses"), ["input", "licenses", "2", "licenses"]),
        (("customer", "new", "external_id"), ["input", "customer", "new", "externalId"]),
    ],
)
def test_a_path_begins_at_the_argument(steps: tuple[str | int, ...], spelled: list[str]) -> None:
    assert api_path(InputPath(steps)) == spelled
