"""The steps of the setup: their order and what each requires."""

import pytest

from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.partner.setup import SetupStepKey, explain_missing, find_blocking_step

KEYS = list(SetupStepKey)
PROFILE = {"name": "Acme", "country": "DE", "contact_email": "ada@acme.test"}


def explained(key: SetupStepKey, profile: dict[str, str | None], has_service: bool) -> str | None:
    message = explain_missing(key, profile, has_service)
    return None if message is None else render_message(message, Language.ENGLISH)


@pytest.mark.parametrize("position", range(len(KEYS)))
def test_a_step_waits_for_the_first_open_one_before_it(position: int) -> None:
    key = KEYS[position]
    assert find_blocking_step(key, KEYS[:position]) is None
    assert find_blocking_step(key, ()) == (KEYS[0] if position else None)
    for missing in KEYS[:position]:
        assert find_blocking_step(key, [step for step in KEYS if step is not missing]) is missing


def test_steps_behind_it_do_not_block() -> None:
    assert find_blocking_step(SetupStepKey.ACCEPT_TERMS, [SetupStepKey.CHOOSE_SERVICES]) is None


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ((), None),
        (("name",), "The profile still needs a name: use updateOrganization."),
        (
            ("country", "contact_email"),
            "The profile still needs a country and a contact e-mail address: use updateOrganization.",
        ),
    ],
)
@pytest.mark.parametrize("empty", [None, ""])
def test_the_profile_has_to_be_complete(missing: tuple[str, ...], sentence: str | None, empty: str | None) -> None:
    profile = {name: empty if name in missing else value for name, value in PROFILE.items()}
    assert explained(SetupStepKey.ORGANIZATION_PROFILE, profile, False) == sentence


@pytest.mark.parametrize(
    ("key", "has_service", "sentence"),
    [
        (SetupStepKey.CHOOSE_SERVICES, False, "No service is switched on yet: use setService."),
        (SetupStepKey.CHOOSE_SERVICES, True, None),
        (SetupStepKey.ADD_ADMINISTRATORS, False, None),
        (SetupStepKey.ACCEPT_TERMS, False, None),
    ],
)
def test_services_have_to_be_chosen(key: SetupStepKey, has_service: bool, sentence: str | None) -> None:
    assert explained(key, {}, has_service) == sentence
