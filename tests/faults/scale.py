"""How large the faults are: short in `make test`, whole in `make test-faults` (PARTNERHUB_FAULTS=long)."""

import os

IS_LONG = os.environ.get("PARTNERHUB_FAULTS") == "long"
# A short form shares the machine with the other tests: its bounds of time stretch, its claims do not.
TIME_FACTOR = float(os.environ.get("PARTNERHUB_STRETCH", "1" if IS_LONG else "4"))
# As MongoDB ships it; the short forms need not wait for as long to see the same.
ELECTION_SECONDS = 10.0 if IS_LONG else 2.0
SET_SETTINGS = {} if IS_LONG else {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}
# As shipped, a member that follows a hung one stays with it for 9 s beyond the election, and no majority is reached.
_PARAMETERS = ["oplogNetworkTimeoutBufferSeconds=1", "oplogFetcherSteadyStateMaxFetcherRestarts=0"]
# A member that is asked to end lets its clients go for so long, 15 s where nothing is said.
_SHORT_PARAMETERS = [] if IS_LONG else ["shutdownTimeoutMillisForSignaledShutdown=500"]
SET_OPTIONS = [word for one in (*_PARAMETERS, *_SHORT_PARAMETERS) for word in ("--setParameter", one)]


def scaled(short: int, long: int) -> int:
    """A number of rounds, clients or changes."""
    return long if IS_LONG else short


def time_limit(seconds: float) -> float:
    """The longest time that something may take here, where a quiet machine must do it in so many seconds."""
    return seconds * TIME_FACTOR
