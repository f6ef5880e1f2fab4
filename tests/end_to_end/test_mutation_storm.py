"""Servers are killed at random moments during mutations, each of which is repeated with its key until it succeeds."""

import asyncio
import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from itertools import islice
from typing import Any

import httpx

from domain.customers.projection import project_fields
from domain.customers.statuses import statuses_at
from store.changes.customer_change import CustomerChange
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partners import Partners
from tests.api_server import PARTNER, ApiHarness
from tests.end_to_end.storm_model import MutationModel, MutationStep, Payload
from tests.end_to_end.storm_servers import ForkedServer
from tests.schema.factory_mutations import accept_terms

# Most of the 0.8 s of processor time of a round starts a server. A thorough run: STORM_ROUNDS=500.
ROUNDS = int(os.environ.get("STORM_ROUNDS", "12"))
_STEPS_PER_ROUND = 15
# The server dies this long after a random number of the answers: before, between and after the commits of the others.
_MAX_PAUSE_SECONDS = 0.06


class CrashingServer:
    """One server at a time, while the next one starts."""

    def __init__(self, mongo_uri: str, database: str) -> None:
        self._server_arguments = (mongo_uri, database)
        self.token = ""
        self.server, self._standby = ForkedServer(*self._server_arguments), ForkedServer(*self._server_arguments)
        self.retried = 0

    def __enter__(self) -> "CrashingServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kill()
        self._standby.kill()

    def run_round(self, steps: list[MutationStep], answers_before: int, pause: float) -> None:
        """Send all steps, kill the server after some answers and a pause, and repeat the steps without an answer."""
        with ThreadPoolExecutor(len(steps)) as pool:
            asked = [pool.submit(self._send, step, self.server.url) for step in steps]
            for _ in islice(as_completed(asked), answers_before):
                pass
            time.sleep(pause)  # The random moment at which the server dies.
            self.server.kill()
            answers = [future.result() for future in asked]
        self.server, self._standby = self._standby, ForkedServer(*self._server_arguments)
        for step, answer in zip(steps, answers, strict=True):
            self.retried += answer is None
            step.apply(answer or self._retry_until_answered(step))

    def _retry_until_answered(self, step: MutationStep) -> Payload:
        for _ in range(20):
            answer = self._send(step, self.server.url)
            if answer is not None:
                return answer
        raise AssertionError(f"No answer to {step.mutation} from a living server.")

    def _send(self, step: MutationStep, url: str) -> Payload | None:
        """Return the payload; None if the server was killed or responded UNAVAILABLE."""
        kind = step.mutation
        selected = f"{step.selection} userErrors {{ code field message }}"
        query = f"mutation($i: {kind[0].upper()}{kind[1:]}Input!) {{ {step.mutation}(input: $i) {{ {selected} }} }}"
        body = {"query": query, "variables": {"i": {**step.given, "idempotencyKey": step.key}}}
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            response = httpx.post(f"{url}/graphql", json=body, headers=headers, timeout=30, verify=False)
        except httpx.TransportError:
            return None
        answer = response.json()
        if "errors" in answer:
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE", answer
            return None
        payload: Payload = answer["data"][step.mutation]
        assert payload["userErrors"] == [], (step, payload)
        return payload


def test_killed_servers_leave_no_partial_and_no_doubled_effect(mongo_uri: str, database_name: str) -> None:
    with (
        closing(ApiHarness("http://127.0.0.1", mongo_uri, database_name)) as api,
        CrashingServer(mongo_uri, database_name) as crashing_server,
    ):
        assert crashing_server.server.url
        api.add_partner(PARTNER)
        accept_terms(api)
        crashing_server.token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
        rng = random.Random(ROUNDS)
        model = MutationModel(api.add_administrator("ADMINISTRATOR"), rng)
        for _ in range(ROUNDS):
            steps, pause = model.steps(_STEPS_PER_ROUND), rng.uniform(0, _MAX_PAUSE_SECONDS)
            crashing_server.run_round(steps, rng.randrange(len(steps)), pause)
    assert crashing_server.retried > ROUNDS / 10, "The servers were killed too late."
    asyncio.run(_check(mongo_uri, database_name, model))


async def _check(mongo_uri: str, database: str, model: MutationModel) -> None:
    client = Client(mongo_uri, database)
    try:
        scope = Scope(client, PARTNER, utc_now())
        await _check_partner(scope, model)
        await _check_events(scope, model)
        await _check_customers(scope, model)
    finally:
        await client.close()


async def _all(scope: Scope, collection: str) -> list[dict[str, Any]]:
    return await scope.collection(collection).find(scope.match(), sort=[("_id", 1)])


async def _check_partner(scope: Scope, model: MutationModel) -> None:
    (partner,) = await _all(scope, "partners")
    assert {tag["name"]: tag["_id"] for tag in await _all(scope, "tags")} == model.tags
    assert partner.get("tag_count", 0) == len(model.tags)
    assert not model.names or partner["name"] == model.names[-1]


async def _check_events(scope: Scope, model: MutationModel) -> None:
    """Check that each successful mutation has one event; events of time and statuses are not checked here."""
    told = Counter(event["kind"] for event in await _all(scope, "events"))
    assert {kind: told[kind] for kind in model.events} == dict(model.events)


async def _check_customers(scope: Scope, model: MutationModel) -> None:
    partner = await Partners(scope).get()
    assert partner is not None
    held: dict[str, list[dict[str, Any]]] = {}
    for entitlement in await _all(scope, "entitlements"):
        held.setdefault(entitlement["customer_id"], []).append(entitlement)
    transitions = Counter(event["customer_id"] for event in await _all(scope, "events") if event["is_first_of_change"])
    stored = {customer["external_id"]: customer for customer in await _all(scope, "customers")}
    assert set(stored) == set(model.customers) and set(held) == {one["_id"] for one in stored.values()}
    for external_id, expected in model.customers.items():
        customer = stored[external_id]
        assert (customer["_id"], set(customer["tag_ids"])) == (expected.id, expected.tags)
        assert bool(customer["assignments"]) == expected.is_assigned
        assert customer["version"] == transitions[customer["_id"]]
        trial = next(one for one in held[customer["_id"]] if one["kind"] == "TRIAL")
        assert (trial["_id"], sum(one["days"] for one in trial["extensions"])) == (expected.trial, expected.days)
        at = customer["evaluated_at"]
        facts = CustomerChange(dict(customer), held[customer["_id"]], partner).facts()
        basis = statuses_at(facts, partner.thresholds, at)
        since = dict.fromkeys(basis, at)
        follows = project_fields(facts, basis, since, partner.thresholds, at)
        assert [one["status"] for one in customer["status_details"]] == follows["statuses"] == customer["statuses"]
        assert customer["next_evaluation_at"] == follows["next_evaluation_at"]
