"""Launches: the mutation, and the address that it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.user_errors import UserError
from resolvers.context import Context
from resolvers.mutations import run_mutation
from store.changes.mutations import MutationRequest
from store.organization.launches import launch_customer as launch


@dataclass(frozen=True, slots=True)
class LaunchCustomerPayload:
    """The address and how long it works, or what was wrong."""

    url: str | None
    expires_at: datetime | None
    user_errors: Sequence[UserError]


async def launch_customer(context: Context, asked: MutationRequest) -> LaunchCustomerPayload:
    outcome = await run_mutation(context, asked, launch)
    launch_id, partner_id = outcome["launch"], context.scope.partner_id
    url = None if launch_id is None else context.installation.launch_url(partner_id, launch_id)
    return LaunchCustomerPayload(url, outcome["expires_at"], outcome.user_errors)
