"""The viewer's partner organization: its profile, setup wizard, services and settings."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from domain.failures import PartnerNotFound
from domain.languages.rendering import render_message
from domain.partner.setup import STEP_TITLES, SetupStepKey
from domain.partner.terms import Terms
from domain.types import Product
from resolvers.context import Context, Viewer
from store.tenants.administrators import AdministratorDocument
from store.tenants.partners import PartnerDocument


class SetupState(StrEnum):
    """The progress of the first-time setup."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"


class SetupStep(Struct, frozen=True):
    """One step of the setup wizard, and the moment of its completion."""

    key: SetupStepKey
    completed_at: datetime | None


class PlanItem(Struct, frozen=True):
    """Licences of one product that the partner ordered."""

    product: Product
    licenses: int


class Service(Struct, frozen=True):
    """A product that the partner may offer, and whether it is enabled."""

    product: Product
    enabled: bool


class Settings(Struct, frozen=True):
    """The thresholds that the partner chose, in days."""

    version: int
    expiring_soon_days: int
    no_recent_activity_days: int
    trial_days: int


def viewer(context: Context, _root: None) -> Viewer:
    return context.viewer


async def partner(context: Context, _viewer: Viewer) -> PartnerDocument:
    document = await context.loaders.partner.load(context.viewer.partner_id)
    if document is None:
        raise PartnerNotFound
    return document


def setup(_context: Context, partner: PartnerDocument) -> PartnerDocument:
    return partner


def plan(_context: Context, partner: PartnerDocument) -> list[PlanItem]:
    return [PlanItem(Product(item["product"]), item["licenses"]) for item in partner.plan]


def setup_steps(_context: Context, partner: PartnerDocument) -> list[SetupStep]:
    return [SetupStep(key, partner.steps.get(key)) for key in SetupStepKey]


def step_title(context: Context, step: SetupStep) -> str:
    return render_message(STEP_TITLES[step.key], context.viewer.language)


def next_step(context: Context, partner: PartnerDocument) -> SetupStep | None:
    return next((step for step in setup_steps(context, partner) if step.completed_at is None), None)


def setup_state(context: Context, partner: PartnerDocument) -> SetupState:
    done = [step.completed_at is not None for step in setup_steps(context, partner)]
    if all(done):
        return SetupState.COMPLETE
    return SetupState.IN_PROGRESS if any(done) else SetupState.NOT_STARTED


def terms(context: Context, _partner: PartnerDocument) -> Terms:
    return context.installation.terms


def terms_version(context: Context, _partner: PartnerDocument) -> str:
    return context.installation.terms.version


async def terms_accepted_by(context: Context, partner: PartnerDocument) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(partner.terms_accepted_by)


def services(_context: Context, partner: PartnerDocument) -> list[Service]:
    enabled = {service["product"]: bool(service["enabled"]) for service in partner.services}
    return [Service(product, enabled.get(product, False)) for product in Product]


async def service_customers(context: Context, services: Sequence[Service]) -> list[int]:
    return await context.loaders.running_customers.load_all([service.product for service in services])


def settings(_context: Context, partner: PartnerDocument) -> Settings:
    return Settings(**dict[str, Any](partner.settings))
