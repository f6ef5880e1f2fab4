"""The encoded responses that a process keeps, until an event of the partner or the passing of time can change them."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import datetime
from typing import Any

import orjson
from prometheus_client import Counter

from domain.customers.keys import ALL_CUSTOMERS_KEY
from loaders.figure_cache import FigureCache
from resolvers.context import Context
from server.graphql.kept_fields import CHANGING_CONDITIONS
from server.graphql.operation import Operation
from server.graphql.operations import GraphQLResponse
from store.feed.events import FeedEvent
from store.feed.observed_feed import ObservedFeed

# A larger one is executed each time; an entry takes this much besides its bytes.
_MAX_RESPONSE_BYTES, _ENTRY_BYTES = 1024 * 1024, 1_000
_CHARACTER_BYTES = 4
_CHANGING = [condition.encode() for condition in CHANGING_CONDITIONS]
_LOOKUPS = Counter(
    "partnerhub_kept_responses_total", "Queries whose response may be kept, by what happened", ["outcome"]
)
_HITS, _MISSES = _LOOKUPS.labels("hit"), _LOOKUPS.labels("miss")

Execute = Callable[[], Awaitable[GraphQLResponse]]


class KeptResponses:
    """The responses of one process, by partner, role, language, operation and variables.

    Only viewers who see all customers share them. The rules of FigureCache hold: a response is served while the feed is
    fresh and has reached the caller's latest change, and until any event of the partner arrives.
    """

    def __init__(self, feed: ObservedFeed, max_bytes: int) -> None:
        self._cache = FigureCache(feed, affects=_any_event, size_of=_entry_bytes, max_bytes=max_bytes)

    async def find_or_execute(
        self, operation: Operation, variables: Mapping[str, Any], context: Context, execute: Execute
    ) -> GraphQLResponse:
        """Return the kept response, or that of `execute`, which is then kept if it may be."""
        key = self._key(operation, variables, context)
        if key is None:
            return await execute()
        seen = max(context.after_operation_time, context.operation_time)
        kept = self._cache.find_figure(context.scope, key, seen)
        if kept is not None:
            _HITS.inc()
            return {"data": orjson.Fragment(kept.value)}
        response = await self._execute_and_keep(key, context, execute)
        _MISSES.inc()
        return response

    async def _execute_and_keep(self, key: Hashable, context: Context, execute: Execute) -> GraphQLResponse:
        executed: list[GraphQLResponse] = []

        async def read() -> tuple[bytes, datetime]:
            context.is_kept = True
            response = await execute()
            executed.append(response)
            if "errors" in response or "data" not in response:
                return b"", context.scope.now
            data = orjson.dumps(response["data"])
            response["data"] = orjson.Fragment(data)
            return data, context.valid_until if len(data) <= _MAX_RESPONSE_BYTES else context.scope.now

        await self._cache.read_new_figure(context.scope, key, read)
        return executed[0]

    def _key(
        self, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> tuple[str, str, bytes, str, str] | None:
        """Return what the response depends on besides the partner; None where it may not be kept."""
        if not operation.may_be_kept or context.scope.visibility_key != ALL_CUSTOMERS_KEY:
            return None
        values = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS) if variables else b""
        if values and any(condition in values for condition in _CHANGING):
            return None
        role = context.viewer.administrator.role
        return operation.text, operation.name, values, str(role), str(context.viewer.language)


def _any_event(_event: FeedEvent) -> bool:
    return True


def _entry_bytes(entry: Any) -> int:
    (_, (text, name, values, _, _)), data = entry
    return len(data) + len(values) + _CHARACTER_BYTES * (len(text) + len(name)) + _ENTRY_BYTES
