"""How long a client may leave unread what was sent to it, measured by the kernel.

The send queue notices that a client has stopped reading when the buffers before it are full, which takes the longer the
fewer messages there are. The kernel knows since when the client acknowledges nothing, or has no room.
"""

import socket
from asyncio import Transport

# Less than the 10 s in which such a client must be gone: the kernel looks at growing intervals.
MAX_UNREAD_SECONDS = 7.0
# The name of the limit in the log and in the metrics.
UNREAD_LIMIT = "unread_seconds"
# Linux has it; elsewhere the send queue and the pings end the connection.
_OPTION: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


def limit_unread_time(transport: Transport) -> None:
    """Let the connection end with a TimeoutError when its client has read nothing for MAX_UNREAD_SECONDS."""
    connection = transport.get_extra_info("socket")
    if _OPTION is not None and connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, _OPTION, round(MAX_UNREAD_SECONDS * 1000))
