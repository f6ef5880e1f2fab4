"""The configuration of uvicorn, with the connections of the process."""

from typing import Any

import uvicorn

from server.connections.limits import BACKLOG, ConnectionLimits
from server.connections.registry import ConnectionRegistry
from server.connections.trusted_proxies import TrustedProxies


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration for our protocol classes; a worker process gets a copy, and counts for itself."""

    def __init__(
        self, app: Any, limits: ConnectionLimits, proxies: TrustedProxies, metrics_port: int = 0, **options: Any
    ) -> None:
        """Take the application, the limits, the port of the metrics (0 for none), and uvicorn's options."""
        # RequestTransport reads the headers of proxies itself: it counts connections by the client's address.
        super().__init__(app, proxy_headers=False, backlog=BACKLOG, **options)
        self.timeout_keep_alive = limits.idle_seconds  # type: ignore[assignment]  # Seconds need not be whole.
        self.registry = ConnectionRegistry(limits, proxies, metrics_port)
