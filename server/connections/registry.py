"""The open connections of a process: how many there are in total and from each address."""

from http import HTTPStatus

from prometheus_client import Gauge

from server.connections.limits import ConnectionLimits
from server.connections.refusals import RequestRefused
from server.connections.trusted_proxies import TrustedProxies, address_group

_OPEN = Gauge("partnerhub_connections", "Open connections, websockets included", multiprocess_mode="livesum")

_RESERVED_FOR_METRICS = 16


class ConnectionRegistry:
    """Admits connections within the limits.

    A connection counts for the address that it comes from. One from a trusted proxy counts for the clients whose
    requests it carries, each while its request is in progress. The port of the metrics, which has the probes too, takes
    a few connections beyond the limit: a server that is full is not dead.
    """

    def __init__(self, limits: ConnectionLimits, proxies: TrustedProxies, metrics_port: int = 0) -> None:
        self.limits, self.proxies, self.metrics_port = limits, proxies, metrics_port
        self._total = 0
        self._by_address: dict[str, int] = {}

    def admit(self, address: str | None, *, is_for_metrics: bool = False) -> "Admission":
        """Count a new connection; raise RequestRefused where there are too many."""
        if self._total >= self.limits.limit + (_RESERVED_FOR_METRICS if is_for_metrics else 0):
            raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "limit", "The server has too many connections.")
        admission = Admission(self)
        if address is not None and not self.proxies.trusts(address):
            admission.count_for(address)
        self._total += 1
        _OPEN.inc()
        return admission

    @property
    def total(self) -> int:
        return self._total

    def add_address(self, group: str) -> None:
        """Count a connection of an address; raise RequestRefused where it has too many."""
        count = self._by_address.get(group, 0)
        if count >= self.limits.limit_per_address:
            message = "There are too many connections from your address."
            raise RequestRefused(HTTPStatus.TOO_MANY_REQUESTS, "limit_per_address", message)
        self._by_address[group] = count + 1

    def remove_address(self, group: str) -> None:
        """Stop counting a connection of an address."""
        count = self._by_address[group] - 1
        if count:
            self._by_address[group] = count
        else:
            del self._by_address[group]

    def close(self) -> None:
        """Stop counting a connection in the total."""
        self._total -= 1
        _OPEN.dec()


class Admission:
    """One counted connection."""

    __slots__ = ("_group", "_registry")

    def __init__(self, registry: ConnectionRegistry) -> None:
        self._registry: ConnectionRegistry | None = registry
        self._group: str | None = None

    def count_for(self, address: str) -> None:
        """Count the connection for this address instead of an earlier one; raise RequestRefused for too many."""
        self.stop_counting_address()
        group = address_group(address)
        if self._registry is not None:
            self._registry.add_address(group)
            self._group = group

    def stop_counting_address(self) -> None:
        """Count the connection for no address."""
        if self._group is not None and self._registry is not None:
            self._registry.remove_address(self._group)
        self._group = None

    def release(self) -> None:
        """Stop counting the connection: it is closed. More than once is the same as once."""
        self.stop_counting_address()
        if self._registry is not None:
            self._registry.close()
        self._registry = None
