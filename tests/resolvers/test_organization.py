"""The partner's own fields: the wizard's progress, services, and a partner that no longer exists."""

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from domain.failures import Unauthenticated
from domain.languages.languages import Language
from domain.partner.setup import SetupStepKey
from domain.types import Product
from resolvers import organization
from resolvers.organization import PlanItem, Service, SetupState
from tests.resolvers.factory_context import NOW, administrator_document, context_with, of_one

ALL_STEPS = list(SetupStepKey)


def partner(**fields: Any) -> Any:
    return SimpleNamespace(**{"steps": {}, "services": [], "plan": [], "terms_accepted_by": None, **fields})


async def test_the_viewer_partner_is_loaded_by_its_id() -> None:
    document = partner()
    context = context_with(partner={"acme": document})
    assert await organization.partner(context, organization.viewer(context, None)) is document


async def test_a_token_of_a_partner_that_is_gone_is_not_authenticated() -> None:
    context = context_with(partner={"acme": None})
    with pytest.raises(Unauthenticated):
        await organization.partner(context, context.viewer)


@pytest.mark.parametrize(
    ("completed", "state", "next_step"),
    [
        ([], SetupState.NOT_STARTED, ALL_STEPS[0]),
        (ALL_STEPS[:1], SetupState.IN_PROGRESS, ALL_STEPS[1]),
        (ALL_STEPS[1:], SetupState.IN_PROGRESS, ALL_STEPS[0]),
        (ALL_STEPS, SetupState.COMPLETE, None),
    ],
)
def test_the_wizard_shows_its_progress_and_the_next_step(
    completed: list[SetupStepKey], state: SetupState, next_step: SetupStepKey | None
) -> None:
    context, document = context_with(), partner(steps=dict.fromkeys(completed, NOW))
    assert organization.setup_state(context, document) is state
    shown = organization.next_step(context, document)
    assert (shown and shown.key) == next_step
    steps = organization.setup_steps(context, document)
    assert [step.key for step in steps if step.completed_at == NOW] == [key for key in ALL_STEPS if key in completed]
    assert organization.step_title(context, steps[2]) == "Add administrators"
    context.viewer = replace(context.viewer, language=Language.SERBIAN)
    assert organization.step_title(context, steps[2]) == "Dodajte administratore"


def test_every_product_is_a_service_and_is_disabled_unless_stored_as_enabled() -> None:
    stored = [{"product": "CALLING", "enabled": True}, {"product": "MEETINGS", "enabled": False}]
    services = organization.services(context_with(), partner(services=stored))
    assert [service.product for service in services] == list(Product)
    assert [service.product for service in services if service.enabled] == [Product.CALLING]


async def test_a_service_shows_its_customers_and_the_plan_its_licenses() -> None:
    context = context_with(running_customers={Product.CALLING: 4})
    assert await of_one(organization.service_customers, context, Service(Product.CALLING, enabled=True)) == 4
    plan = organization.plan(context, partner(plan=[{"product": "CALLING", "licenses": 50}]))
    assert plan == [PlanItem(Product.CALLING, 50)]


async def test_the_administrator_who_accepted_the_terms_is_null_before() -> None:
    ann = administrator_document("adm_1")
    context = context_with(administrators={"adm_1": ann})
    assert await organization.terms_accepted_by(context, partner()) is None
    assert await organization.terms_accepted_by(context, partner(terms_accepted_by="adm_1")) is ann
