"""The root of all mutations: each feature brings its own."""

import strawberry

from schema.administrator_mutations import AdministratorMutations
from schema.helpdesk import HelpdeskMutations
from schema.launch import LaunchMutations
from schema.order_mutations import OrderMutations
from schema.organization_mutations import OrganizationMutations
from schema.tag_mutations import TagMutations
from schema.trial_mutations import TrialMutations
from schema.views import ViewMutations


@strawberry.type
class Mutation(
    AdministratorMutations,
    HelpdeskMutations,
    LaunchMutations,
    OrderMutations,
    OrganizationMutations,
    TagMutations,
    TrialMutations,
    ViewMutations,
):
    """What can be changed; each field is one transaction, and says what was wrong as `userErrors`."""
