"""A replica set of three real mongods, and faults of its members."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, PyMongoError

from store.embedded.mongod_log import read_last_errors
from tests.faults.scale import SET_OPTIONS, SET_SETTINGS
from tests.mongod import SET_NAME, Mongod, temporary_replica_set

MEMBERS = 3
_WAIT_SECONDS = 60.0


class ReplicaSet:
    """Three members; each fault looks up the current primary."""

    def __init__(self, members: list[Mongod]) -> None:
        self.members = members
        # Kept: a new client for each look takes so much of the interpreter that it delays the load in this process.
        self._clients = [
            MongoClient[dict[str, Any]](
                one.uri, directConnection=True, serverSelectionTimeoutMS=300, connectTimeoutMS=300, socketTimeoutMS=500
            )
            for one in members
        ]
        self.uri = f"mongodb://{','.join(one.address for one in members)}/?replicaSet={SET_NAME}"

    def close(self) -> None:
        """Close the connections to the members."""
        for client in self._clients:
            client.close()

    def primary(self) -> Mongod:
        """Return the member that accepts writes; wait until there is one."""
        found: Mongod = self._wait_for(
            lambda: next((one for one in self.members if self._hello_flag(one, "isWritablePrimary")), None)
        )
        return found

    def successor(self, old: Mongod) -> float:
        """Return the monotonic time at which a member other than `old` first accepts writes."""
        others = [one for one in self.members if one is not old]
        self._wait_for(lambda: any(self._hello_flag(one, "isWritablePrimary") for one in others))
        return monotonic()

    def set_election_timeout(self, seconds: float) -> None:
        """Set the election timeout of the members."""
        with MongoClient[dict[str, Any]](self.uri) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            config["version"] += 1
            config["settings"]["electionTimeoutMillis"] = int(seconds * 1000)
            client.admin.command("replSetReconfig", config)

    def settle(self) -> None:
        """Wait until one member is primary and the others are secondaries."""
        self.primary()
        for member in self.members:
            self._wait_for(
                lambda m=member: self._hello_flag(m, "isWritablePrimary") or self._hello_flag(m, "secondary")
            )

    def step_down(self) -> None:
        """Step down the primary."""
        with MongoClient[dict[str, Any]](self.primary().uri) as client, suppress(AutoReconnect):
            client.admin.command({"replSetStepDown": 20, "secondaryCatchUpPeriodSecs": 10})

    def stop_member(self, member: Mongod, number: signal.Signals) -> None:
        """End the process of a member: SIGKILL at once, SIGTERM as an operator does."""
        member.send(number)
        if member.process is not None:
            member.process.wait(timeout=_WAIT_SECONDS)
            member.process = None

    def start_member(self, member: Mongod) -> None:
        """Restart the member and wait until the set is complete."""
        member.start()
        self.settle()

    def _hello_flag(self, member: Mongod, what: str) -> bool:
        try:
            return bool(self._clients[self.members.index(member)].admin.command("hello").get(what))
        except PyMongoError:
            return False

    def _wait_for(self, look: Any) -> Any:
        ends = monotonic() + _WAIT_SECONDS
        while not (found := look()):
            assert monotonic() < ends, f"The replica set did not recover.\n{self._describe_members()}"
            sleep(0.05)
        return found

    def _describe_members(self) -> str:
        ended = [one for one in self.members if one.process is None or one.process.poll() is not None]
        return "\n".join(f"{one.address} has ended: {read_last_errors(one.log)}" for one in ended) or "All are running."


@contextmanager
def running_replica_set() -> Iterator[ReplicaSet]:
    """Run a replica set with one primary and two secondaries."""
    with temporary_replica_set(MEMBERS, SET_OPTIONS, settings=SET_SETTINGS) as members:
        made = ReplicaSet(members)
        try:
            made.settle()
            yield made
        finally:
            made.close()
