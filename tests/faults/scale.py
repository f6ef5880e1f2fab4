"""The size of the fault tests: short in `make test`, full in `make test-faults` (PARTNERHUB_FAULTS=long)."""

import os

IS_LONG = os.environ.get("PARTNERHUB_FAULTS") == "long"
# Short tests share the machine with other tests: their time limits are longer, their other claims are the same.
TIME_FACTOR = float(os.environ.get("PARTNERHUB_STRETCH", "1" if IS_LONG else "4"))
# The default of MongoDB; the short tests use less, to wait less.
ELECTION_SECONDS = 10.0 if IS_LONG else 2.0
SET_SETTINGS = {} if IS_LONG else {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}
# With the default, a secondary stays with a hung sync source for 9 s after the election, and no majority is reached.
_PARAMETERS = ["oplogNetworkTimeoutBufferSeconds=1", "oplogFetcherSteadyStateMaxFetcherRestarts=0"]
# The time that a stopping member gives its clients; the default is 15 s.
_SHORT_PARAMETERS = [] if IS_LONG else ["shutdownTimeoutMillisForSignaledShutdown=500"]
SET_OPTIONS = [word for one in (*_PARAMETERS, *_SHORT_PARAMETERS) for word in ("--setParameter", one)]


def scaled(short: int, long: int) -> int:
    """Return the number of rounds, clients or changes for this run."""
    return long if IS_LONG else short


def time_limit(seconds: float) -> float:
    """Return the time limit of this run for a limit in seconds on an idle machine."""
    return seconds * TIME_FACTOR
