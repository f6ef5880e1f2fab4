"""The limits on connections, and the largest number of them that the file descriptors of a process allow."""

import resource
import sys

from msgspec import Struct

# Descriptors for the database, files and listeners.
_RESERVED_DESCRIPTORS = 256
# The kernel hands over all waiting connections at once, before the first can be refused.
BACKLOG = 2048
# A connection takes up to 60 kB; more than this is asked for by the setting.
_MAX_DERIVED_CONNECTIONS = 20_000


class ConnectionLimits(Struct, frozen=True):
    """The limits of one process; a field `x` is the setting PARTNERHUB_CONNECTION_X."""

    limit: int
    limit_per_address: int
    header_bytes: int
    header_count: int
    url_bytes: int
    header_seconds: float
    body_seconds: float
    send_seconds: float
    idle_seconds: float
    frames: int
    # For the body of an import: PARTNERHUB_IMPORT_IDLE_SECONDS and a little more, because the import answers first and
    # says how far it came.
    import_seconds: float


def raise_descriptor_limit() -> int:
    """Raise the number of file descriptors to the most that this process may have; return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def choose_connection_limit(wanted: int, descriptors: int) -> int:
    """Return how many connections a process accepts; 0 asks for as many as the descriptors allow, up to 20,000."""
    # With few descriptors, half of them are left instead of the whole backlog.
    possible = max(descriptors - _RESERVED_DESCRIPTORS - BACKLOG, descriptors // 2)
    return min(wanted or _MAX_DERIVED_CONNECTIONS, possible)
