"""The root type Mutation, composed of the features' mutations."""

import strawberry

from schema.administrators import AdministratorMutations
from schema.alerts import AlertMutations
from schema.entitlements import OrderMutations
from schema.exports import ExportMutations
from schema.helpdesk import HelpdeskMutations
from schema.launch import LaunchMutations
from schema.organization_mutations import OrganizationMutations
from schema.tag_mutations import TagMutations
from schema.trial_mutations import TrialMutations
from schema.views import ViewMutations
from schema.webhook_mutations import WebhookMutations


@strawberry.type
class Mutation(
    AdministratorMutations,
    AlertMutations,
    ExportMutations,
    HelpdeskMutations,
    LaunchMutations,
    OrderMutations,
    OrganizationMutations,
    TagMutations,
    TrialMutations,
    ViewMutations,
    WebhookMutations,
):
    """The mutations; each is one transaction and reports mistakes as `userErrors`."""
