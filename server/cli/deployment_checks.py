"""`partnerhub check`: what is wrong with MongoDB and its settings, and what to do."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct, field

from store.database.deployment import DeploymentFacts, OplogFacts

MIN_MAJOR_VERSION = 6
# Rate limits, tokens and feeds compare the clocks of servers and database.
MAX_CLOCK_SKEW_SECONDS = 1.0
# A client that was asleep over night resumes its feed instead of loading everything again.
MIN_OPLOG_HOURS = 24.0
MAX_MEMBER_LAG_SECONDS = 10.0
# docs/reliability.md: with the default, a primary that hangs is noticed after more than 12 s.
MAX_ELECTION_TIMEOUT_MS = 5000
SHARD_KEY: Mapping[str, Any] = {"partner_id": 1}
_PAGE = "docs/operating.md"
_GOOD_STATES = {"PRIMARY", "SECONDARY", "ARBITER"}


class Findings(Struct):
    """Problems, which make `check` fail, and advice, which does not."""

    problems: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def check_deployment(facts: DeploymentFacts, collections: Collection[str], *, is_embedded: bool) -> Findings:
    """Return the findings; an embedded MongoDB has one member on purpose."""
    findings = Findings()
    findings.problems += _version_problems(facts)
    findings.problems += _clock_problems(facts)
    findings.problems += _member_problems(facts.members or ())
    if facts.configuration is not None and not is_embedded:
        _check_configuration(facts.configuration, findings)
    if facts.oplog is not None and not is_embedded:
        findings.problems += _oplog_problems(facts.oplog)
    if facts.shard_keys is not None:
        _check_shard_keys(facts.shard_keys, collections, findings)
    if facts.unreadable:
        findings.advice.append(
            f"The user of MONGODB_URI may not run {', '.join(facts.unreadable)}, so that some of this could not be "
            "checked: run `partnerhub check` as a user with the role clusterMonitor."
        )
    return findings


def _version_problems(facts: DeploymentFacts) -> Iterator[str]:
    if not facts.is_replica_set and not facts.is_sharded:
        yield "The database is a standalone server: transactions and feeds need a replica set."
    if _major(facts.version) < MIN_MAJOR_VERSION:
        yield f"MongoDB {facts.version} is too old: {MIN_MAJOR_VERSION}.0 or later is needed."
    elif facts.compatibility is not None and _major(facts.compatibility) < MIN_MAJOR_VERSION:
        yield (
            f"MongoDB {facts.version} runs with the feature compatibility version {facts.compatibility}: complete its "
            f'upgrade with db.adminCommand({{setFeatureCompatibilityVersion: "{_major(facts.version)}.0"}}).'
        )


def _major(version: str) -> int:
    return int(version.split(".", 1)[0])


def _clock_problems(facts: DeploymentFacts) -> Iterator[str]:
    if abs(facts.clock_skew) - facts.clock_error > MAX_CLOCK_SKEW_SECONDS:
        direction = "ahead of" if facts.clock_skew > 0 else "behind"
        yield (
            f"The clock of the database is {abs(facts.clock_skew):.1f} s {direction} that of this machine: "
            "synchronize both with NTP (chrony, systemd-timesyncd). More than a second makes feeds report a wrong lag, "
            "and rate limits and the expiry of tokens inexact."
        )


def _member_problems(members: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    newest = max((member["optimeDate"] for member in members if "optimeDate" in member), default=None)
    for member in members:
        if not member.get("health") or member["stateStr"] not in _GOOD_STATES:
            yield (
                f"The member {member['name']} is {member['stateStr']}: bring it back. Until then the set survives the "
                "loss of fewer members."
            )
        elif newest is not None and member["stateStr"] == "SECONDARY":
            lag = (newest - member["optimeDate"]).total_seconds()
            if lag > MAX_MEMBER_LAG_SECONDS:
                yield (
                    f"The member {member['name']} is {lag:.0f} s behind the primary: writes wait for a majority, so "
                    "look at its disk, processor and network."
                )


def _check_configuration(configuration: Mapping[str, Any], findings: Findings) -> None:
    members = configuration["members"]
    bearing = [each for each in members if not each.get("arbiterOnly") and each.get("votes", 1)]
    if configuration.get("writeConcernMajorityJournalDefault") is False:
        # A set of one member is a trial, which loses everything with its disk anyway.
        (findings.problems if len(bearing) > 1 else findings.advice).append(
            "writeConcernMajorityJournalDefault is false in the replica set's configuration: a write that was "
            "acknowledged can be lost. Set it to true with rs.reconfig."
        )
    if len(bearing) < 3:
        count = "one member" if len(bearing) == 1 else f"{len(bearing)} members"
        findings.advice.append(
            f"The replica set has {count} with data and a vote. It has no majority when one is lost: three survive "
            f"that ({_PAGE})."
        )
    timeout = configuration.get("settings", {}).get("electionTimeoutMillis", 0)
    if len(members) > 1 and timeout > MAX_ELECTION_TIMEOUT_MS:
        findings.advice.append(
            f"electionTimeoutMillis is {timeout}: while a primary hangs, nothing is written for up to 22 s. "
            "docs/reliability.md has the settings that limit this to 12 s."
        )


def _oplog_problems(oplog: OplogFacts) -> Iterator[str]:
    is_full = oplog.size >= 0.9 * oplog.max_size
    if is_full and oplog.hours < MIN_OPLOG_HOURS and oplog.kept_hours < MIN_OPLOG_HOURS:
        megabytes = oplog.max_size / 1024**2
        wanted = megabytes * MIN_OPLOG_HOURS / max(oplog.hours, 0.1)
        yield (
            f"The oplog of {megabytes:,.0f} MB spans only {oplog.hours:.1f} hours: clients that were away for longer "
            f"must load their lists again (CURSOR_EXPIRED). Keep {MIN_OPLOG_HOURS:.0f} hours, on each member: "
            f"db.adminCommand({{replSetResizeOplog: 1, size: {wanted:.0f}, minRetentionHours: {MIN_OPLOG_HOURS:.0f}}})."
        )


def _check_shard_keys(
    shard_keys: Mapping[str, Mapping[str, Any]], collections: Collection[str], findings: Findings
) -> None:
    for name in sorted(collections & shard_keys.keys()):
        if dict(shard_keys[name]) != SHARD_KEY:
            findings.problems.append(
                f"The collection {name} is sharded by {dict(shard_keys[name])}; it must be {dict(SHARD_KEY)}: unique "
                f"indexes and queries begin with the partner. Use sh.reshardCollection ({_PAGE})."
            )
    unsharded = sorted(set(collections) - shard_keys.keys())
    if unsharded:
        findings.advice.append(
            f"Not sharded, so all on one shard: {', '.join(unsharded)}. {_PAGE} has the commands to shard them."
        )


def find_uri_problems(uri: str | None) -> list[str]:
    """Return which options of MONGODB_URI contradict what this program needs."""
    problems = []
    for name, value in parse_qsl(urlsplit(uri or "").query):
        if name.lower() == "readpreference" and value.lower() not in {"primary", "primarypreferred"}:
            problems.append(
                f"MONGODB_URI has readPreference={value}: reads would not show the changes before them. Leave it out."
            )
        elif name.lower() in {"w", "readconcernlevel", "retrywrites"} and value.lower() not in {"majority", "true"}:
            problems.append(
                f"MONGODB_URI has {name}={value}, which is ignored: writes and reads always use majority, and writes "
                "are repeated. Leave it out."
            )
    return problems
