"""How a mutation is carried out for a resolver: its mistakes become `userErrors`, and what follows reads anew."""

from dataclasses import dataclass, field
from typing import Any

from domain.failures import Rejected
from domain.user_errors import UserError
from resolvers.context import Context
from store.changes.mutations import Asked, Body, mutate
from store.database.client import Document


@dataclass(frozen=True, slots=True)
class Outcome:
    """The first answer of a mutation, empty where it was rejected."""

    answer: Document = field(default_factory=dict)
    user_errors: tuple[UserError, ...] = ()

    def __getitem__(self, name: str) -> Any:
        """A part of the answer, None where it was rejected."""
        return self.answer.get(name)


async def carried_out(context: Context, asked: Asked, body: Body) -> Outcome:
    """Carries out the mutation; the context then shows what it left behind."""
    try:
        answer = await mutate(context.scope, asked, body, context.saw)
    except Rejected as rejected:
        return Outcome(user_errors=rejected.user_errors)
    context.renew()
    return Outcome(answer)
