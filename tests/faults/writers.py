"""A steady load of mutations, each repeated with its key until it succeeds, and the check of their effects."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import uuid4

import orjson

from tests.faults.event_comparison import Event
from tests.faults.http_connections import HttpConnections

_FIELDS = {True: "assignTags", False: "removeTags"}
_KINDS = {True: "TAGS_ASSIGNED", False: "TAGS_REMOVED"}
_INPUTS = {True: "AssignTagsInput", False: "RemoveTagsInput"}
_MUTATION = "mutation($i: {1}!) {{ {0}(input: $i) {{ changed userErrors {{ code message }} }} }}"


class Writers:
    """Each writer adds and removes one tag at its own customers, so that every response is known in advance."""

    def __init__(self, addresses: Sequence[str], token: str, customers: Sequence[str], tag: str) -> None:
        self._addresses, self.tag, self._customers = addresses, tag, customers
        self._token = token
        # Acknowledged mutations by customer, seconds by request, and other responses.
        self.acknowledged: dict[str, list[str]] = {id_: [] for id_ in customers}
        self.request_seconds: list[float] = []
        self.error_counts: Counter[str] = Counter()
        self.acknowledged_at: list[float] = []
        # Start and duration of each failed request.
        self.refused_requests: list[tuple[float, float]] = []
        self._is_stopping = False

    @property
    def count(self) -> int:
        """The number of acknowledged mutations."""
        return sum(len(done) for done in self.acknowledged.values())

    def stop(self) -> None:
        """Let `run` end as soon as every mutation in progress is acknowledged."""
        self._is_stopping = True

    async def run(self, per_second: float, writers: int) -> None:
        """Send mutations at a rate per second by a number of writers, if responses are immediate."""
        async with asyncio.TaskGroup() as group:
            for number in range(writers):
                group.create_task(self._write(self._customers[number::writers], writers / per_second))

    async def _write(self, customers: Sequence[str], pause: float) -> None:
        is_on = dict.fromkeys(customers, False)
        due = monotonic() + random.uniform(0, pause)
        with HttpConnections(self._token) as http:
            while not self._is_stopping:
                await asyncio.sleep(max(0.0, due - monotonic()))
                due = max(due + pause, monotonic() - pause)
                customer = random.choice(customers)
                is_on[customer] = not is_on[customer]
                await self._retry_until_acknowledged(http, customer, is_on[customer])

    async def _retry_until_acknowledged(self, http: HttpConnections, customer: str, on: bool) -> None:
        given = {"customers": {"ids": [customer]}, "tags": [self.tag], "idempotencyKey": uuid4().hex}
        body = {"query": _MUTATION.format(_FIELDS[on], _INPUTS[on]), "variables": {"i": given}}
        while (payload := await self._send_mutation(http, body, _FIELDS[on])) is None:
            await asyncio.sleep(random.uniform(0.02, 0.2))
        assert payload == {"changed": 1, "userErrors": []}, payload
        self.acknowledged[customer].append(_KINDS[on])
        self.acknowledged_at.append(monotonic())

    async def _send_mutation(self, http: HttpConnections, body: dict[str, Any], field: str) -> dict[str, Any] | None:
        begun = monotonic()
        try:
            response = await http.post(random.choice(self._addresses), "/graphql", orjson.dumps(body))
        except (OSError, EOFError, IndexError) as gone:
            self.error_counts[type(gone).__name__] += 1
            return None
        finally:
            self.request_seconds.append(monotonic() - begun)
        answer = orjson.loads(response)
        if "errors" not in answer:
            payload: dict[str, Any] = answer["data"][field]
            return payload
        code = answer["errors"][0]["extensions"]["code"]
        assert code in {"UNAVAILABLE", "TIMEOUT"}, answer
        self.error_counts[code] += 1
        self.refused_requests.append((begun, self.request_seconds[-1]))
        return None

    def count_lost_and_duplicated(self, events: Sequence[Event]) -> tuple[int, int]:
        """Return the numbers of acknowledged mutations without an event and of events without an acknowledgement."""
        events_by_customer: dict[str, list[str]] = {id_: [] for id_ in self.acknowledged}
        for event in events:
            if event["kind"] in _KINDS.values():
                events_by_customer[event["customer_id"]].append(event["kind"])
        lost = sum(max(0, len(done) - len(events_by_customer[id_])) for id_, done in self.acknowledged.items())
        doubled = sum(max(0, len(events_by_customer[id_]) - len(done)) for id_, done in self.acknowledged.items())
        assert lost or doubled or events_by_customer == self.acknowledged, "events differ from what was acknowledged"
        return lost, doubled
