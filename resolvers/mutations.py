"""How a mutation is carried out for a resolver: its mistakes become `userErrors`, and what follows reads anew."""

from dataclasses import dataclass, field
from typing import Any

from domain.failures import InputRejected
from domain.user_errors import UserError
from resolvers.context import Context
from store.changes.mutations import MutationBody, MutationRequest, mutate
from store.database.client import Document


@dataclass(frozen=True, slots=True)
class MutationResult:
    """The first answer of a mutation, empty where it was rejected."""

    result: Document = field(default_factory=dict)
    user_errors: tuple[UserError, ...] = ()

    def __getitem__(self, name: str) -> Any:
        """A part of the answer, None where it was rejected."""
        return self.result.get(name)


async def run_mutation(context: Context, asked: MutationRequest, body: MutationBody) -> MutationResult:
    """Carries out the mutation; the context then shows what it left behind."""
    try:
        answer = await mutate(context.scope, asked, body, context.advance_operation_time)
    except InputRejected as rejected:
        return MutationResult(user_errors=rejected.user_errors)
    context.refresh()
    return MutationResult(answer)
