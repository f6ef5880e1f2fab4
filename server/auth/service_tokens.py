"""Whether a service token was revoked, without a question to the database for each request.

Every process asks the database about a token that is in use at most once a second. So each process refuses a revoked
token after the second for which the last answer holds and the time of one read, which is limited too.
"""

import asyncio
from collections import OrderedDict
from time import monotonic

from domain.failures import TokenRevoked, Unavailable
from server.auth.claims import Claims
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.service_tokens import find_service_token, record_use

ANSWER_SECONDS = 1.0
_READ_SECONDS = 0.8
_MAX_ANSWERS = 10_000


class _Answer:
    """What the database said about one token last; `is_valid` is None before its first answer."""

    __slots__ = ("asked_at", "is_valid", "reading")

    def __init__(self) -> None:
        self.is_valid: bool | None = None
        self.asked_at = 0.0
        self.reading: asyncio.Task[None] | None = None


class ServiceTokens:
    """The latest answers of the database about service tokens."""

    def __init__(self, client: Client, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._client = client
        self._answer_seconds = answer_seconds
        self._answers: OrderedDict[tuple[str, str], _Answer] = OrderedDict()

    async def check(self, claims: Claims) -> None:
        """Raise TokenRevoked for a service token that was revoked or is not recorded; Unavailable where unknown.

        While the database does not answer, its last answer holds: nothing can be imported then, only metrics be read.
        """
        if claims.service_token_id is None:
            return
        answer = self._find_answer((claims.partner_id, claims.service_token_id))
        if answer.is_valid is None or monotonic() - answer.asked_at >= self._answer_seconds:
            if answer.reading is None:
                answer.reading = asyncio.create_task(self._read(claims.partner_id, claims.service_token_id, answer))
            # Requests at the same moment share one read, which goes on where one of them is cancelled.
            await asyncio.shield(answer.reading)
        if answer.is_valid is None:
            raise Unavailable
        if not answer.is_valid:
            raise TokenRevoked

    def _find_answer(self, key: tuple[str, str]) -> _Answer:
        answer = self._answers.setdefault(key, _Answer())
        self._answers.move_to_end(key)
        if len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)
        return answer

    async def _read(self, partner_id: str, token_id: str, answer: _Answer) -> None:
        scope = Scope(self._client, partner_id, utc_now())
        try:
            asked_at = monotonic()
            async with asyncio.timeout(_READ_SECONDS):
                token = await find_service_token(scope, token_id)
            answer.is_valid = token is not None and token.revoked_at is None
            answer.asked_at = asked_at
        except (TimeoutError, PyMongoError):
            return
        finally:
            answer.reading = None
        if token is not None and answer.is_valid:
            await record_use(scope, token)
