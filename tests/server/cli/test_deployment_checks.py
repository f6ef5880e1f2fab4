"""What `partnerhub check` finds wrong with a deployment of MongoDB, from what MongoDB says of itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from server.cli.deployment_checks import Findings, check_deployment, find_uri_problems
from store.database.client import Client
from store.database.deployment import DeploymentFacts, OplogFacts, read_deployment

NOON = datetime(2026, 3, 1, 12)
COLLECTIONS = ["customers", "events"]


def _member(number: int, state: str = "SECONDARY", behind: float = 0.0, health: int = 1) -> Mapping[str, Any]:
    instant = NOON - timedelta(seconds=behind)
    return {"name": f"db{number}:27017", "stateStr": state, "health": health, "optimeDate": instant}


GOOD = DeploymentFacts(
    version="7.0.5",
    compatibility="7.0",
    is_sharded=False,
    is_replica_set=True,
    clock_skew=0.2,
    clock_error=0.01,
    members=[_member(1, "PRIMARY"), _member(2), _member(3, behind=2.0)],
    configuration={"members": [{"votes": 1}] * 3, "settings": {"electionTimeoutMillis": 4000}},
    oplog=OplogFacts(hours=40.0, size=1000, max_size=1000),
)
SHARDED = replace(GOOD, is_sharded=True, is_replica_set=False, members=None, configuration=None, oplog=None)


def _check(facts: DeploymentFacts, *, is_embedded: bool = False) -> Findings:
    return check_deployment(facts, COLLECTIONS, is_embedded=is_embedded)


def test_finds_nothing_wrong_with_a_good_deployment() -> None:
    assert _check(GOOD) == Findings()
    assert _check(replace(SHARDED, shard_keys={name: {"partner_id": 1} for name in COLLECTIONS})) == Findings()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"is_replica_set": False}, "standalone"),
        ({"version": "5.0.9"}, "too old"),
        ({"compatibility": "5.0"}, 'setFeatureCompatibilityVersion: "7.0"'),
        ({"clock_skew": 1.5}, "1.5 s ahead of"),
        ({"clock_skew": -90.0}, "90.0 s behind"),
        ({"members": [_member(1, "PRIMARY"), _member(2, "RECOVERING")]}, "db2:27017 is RECOVERING"),
        ({"members": [_member(1, "PRIMARY"), _member(2, "SECONDARY", health=0)]}, "bring it back"),
        ({"members": [_member(1, "PRIMARY"), _member(2, behind=60.0)]}, "60 s behind the primary"),
        (
            {"configuration": {"members": [{}] * 3, "writeConcernMajorityJournalDefault": False}},
            "writeConcernMajorityJournalDefault",
        ),
        ({"oplog": OplogFacts(2.0, 95 * 1024**2, 100 * 1024**2)}, "size: 1200, minRetentionHours: 24"),
    ],
)
def test_names_a_problem_and_what_to_do(changes: dict[str, Any], problem: str) -> None:
    findings = _check(replace(GOOD, **changes))
    assert len(findings.problems) == 1 and problem in findings.problems[0]
    assert findings.advice == []


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"configuration": {"members": [{}]}}, "one member"),
        ({"configuration": {"members": [{}, {}, {"arbiterOnly": True}]}}, "2 members"),
        ({"configuration": {"members": [{}] * 3, "settings": {"electionTimeoutMillis": 10000}}}, "reliability.md"),
        ({"unreadable": ["replSetGetStatus"]}, "clusterMonitor"),
        ({"shard_keys": {"customers": {"partner_id": 1}}}, "Not sharded, so all on one shard: events."),
    ],
)
def test_gives_advice_that_is_no_problem(changes: dict[str, Any], advice: str) -> None:
    findings = _check(replace(GOOD, **changes))
    assert findings.problems == []
    assert len(findings.advice) == 1 and advice in findings.advice[0]


@pytest.mark.parametrize(
    "oplog",
    [
        OplogFacts(hours=2.0, size=100, max_size=1000),  # It is not full yet: the database is young.
        OplogFacts(hours=2.0, size=1000, max_size=1000, kept_hours=24.0),
    ],
)
def test_a_short_oplog_that_grows_is_no_problem(oplog: OplogFacts) -> None:
    assert _check(replace(GOOD, oplog=oplog)) == Findings()


def test_an_embedded_database_has_one_member_on_purpose() -> None:
    embedded = replace(
        GOOD, members=[_member(1, "PRIMARY")], configuration={"members": [{}]}, oplog=OplogFacts(1, 9, 9)
    )
    assert _check(embedded, is_embedded=True) == Findings()


@pytest.mark.parametrize("key", [{"_id": "hashed"}, {"partner_id": 1, "_id": 1}, {"partner_id": "hashed"}])
def test_a_wrong_shard_key_is_a_problem(key: dict[str, Any]) -> None:
    findings = _check(replace(SHARDED, shard_keys={"customers": key, "events": {"partner_id": 1}, "foreign": key}))
    assert len(findings.problems) == 1 and "customers" in findings.problems[0]
    assert "sh.reshardCollection" in findings.problems[0]


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        ("replicaSet=rs0&w=majority&retryWrites=true&readPreference=primary", 0),
        ("readPreference=secondaryPreferred", 1),
        ("w=1&readConcernLevel=local&retryWrites=false", 3),
        ("", 0),
    ],
)
def test_options_of_the_address_that_contradict_this_program(options: str, problems: int) -> None:
    assert len(find_uri_problems(f"mongodb://u:p@db1,db2/?{options}")) == problems
    assert find_uri_problems(None) == []


async def test_reads_what_a_real_replica_set_says(mongo_uri: str, database_name: str) -> None:
    client = Client(mongo_uri, database_name)
    try:
        facts = await read_deployment(client)
    finally:
        await client.close()
    assert facts.is_replica_set and not facts.is_sharded and facts.unreadable == []
    assert facts.compatibility is not None and facts.oplog is not None and facts.oplog.max_size > facts.oplog.size > 0
    assert abs(facts.clock_skew) <= facts.clock_error + 0.5
    findings = _check(facts)
    # The shared mongod of the tests does not wait for its journal.
    assert findings.problems == [] and [line.split()[0] for line in findings.advice] == [
        "writeConcernMajorityJournalDefault",
        "The",
    ]
