"""The record of one operation: collected while it runs, counted and logged when it ends."""

from asyncio import CancelledError
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self

from msgspec import Struct, field
from structlog import get_logger

from server.telemetry.operation_metrics import OTHER, count_cost, count_operation, name_label, observe_seconds
from server.telemetry.tracing import OperationSpan, start_operation_span

MAX_LOGGED_NAME = 100
_QUERY, _MUTATION, _SUBSCRIPTION, _UNKNOWN_KIND = "query", "mutation", "subscription", "unknown"
_OK, _ERROR, _CANCELLED = "ok", "error", "cancelled"
# The caller did nothing wrong.
_FAILURES_OF_THE_SERVER = {"INTERNAL", "UNAVAILABLE", "TIMEOUT"}
_log = get_logger("partnerhub.operations")


class OperationRecorder(Struct, frozen=True):
    """How a process records its operations: which names metrics show, what is slow, and whether all are logged."""

    names: Collection[str] = frozenset()
    slow_seconds: float = 2.0
    logs_all: bool = False

    def start(self) -> "OperationRecord":
        """Return the record of an operation that starts now; use it as a context manager."""
        return OperationRecord(self)


class OperationRecord(Struct):
    """One operation; `codes` are the distinct codes of its errors. What is raised inside its block is an error."""

    recorder: OperationRecorder
    started_at: float = field(default_factory=monotonic)
    partner_id: str = ""
    administrator_id: str = ""
    kind: str = _UNKNOWN_KIND
    name: str = ""
    label: str = OTHER
    cost: int = 0
    codes: Sequence[str] = ()
    trace_id: str = ""
    span: OperationSpan | None = field(default_factory=start_operation_span)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
    ) -> None:
        seconds, outcome = monotonic() - self.started_at, self._outcome(failure)
        if self.span is not None:
            self.end_span()
        count_operation(self.label, self.kind, self.codes, outcome)
        is_timed = self.kind in {_QUERY, _MUTATION}
        if is_timed:
            observe_seconds(self.label, self.kind, seconds)
        self._log(seconds, outcome, is_slow=is_timed and seconds >= self.recorder.slow_seconds)

    def set_viewer(self, partner_id: str, administrator_id: str) -> None:
        """Record whose operation it is."""
        self.partner_id, self.administrator_id = partner_id, administrator_id

    def set_operation(self, kind: str, name: str) -> None:
        """Record what the request asks for, once it is known."""
        self.kind, self.name = kind, name
        self.label = name_label(name, self.recorder.names)
        if self.span is not None:
            self.span.set_operation(kind, name[:MAX_LOGGED_NAME], self.label)

    def set_cost(self, cost: int) -> None:
        """Record what the operation was charged."""
        self.cost = cost
        count_cost(self.label, cost)

    def set_errors(self, errors: Sequence[Mapping[str, Any]]) -> None:
        """Record the codes of entries of `errors`."""
        self.codes = list(dict.fromkeys(error["extensions"]["code"] for error in errors)) if errors else ()

    def end_span(self) -> None:
        """End the span: with the operation, or where a subscription has begun."""
        if self.span is not None:
            self.trace_id = self.span.trace_id
            identity = {"partnerhub.partner": self.partner_id, "partnerhub.administrator": self.administrator_id}
            self.span.end({**identity, "partnerhub.cost": self.cost}, self.codes)
            self.span = None

    def _outcome(self, failure: BaseException | None) -> str:
        if isinstance(failure, CancelledError):
            # A subscription has no other end where the client leaves.
            return _OK if self.kind == _SUBSCRIPTION else _CANCELLED
        return _ERROR if self.codes or failure is not None else _OK

    def _log(self, seconds: float, outcome: str, *, is_slow: bool) -> None:
        """Write one line: a warning where the server failed or was slow, else by what is worth reading."""
        if is_slow or not _FAILURES_OF_THE_SERVER.isdisjoint(self.codes):
            write = _log.warning
        elif self.administrator_id and (self.kind == _MUTATION or outcome == _ERROR):
            write = _log.info
        elif self.recorder.logs_all:
            write = _log.debug
        else:
            # Not even a call: a line that is not written costs 20 µs in structlog.
            return
        write("slow operation" if is_slow else "operation", **self._figures(seconds, outcome))

    def _figures(self, seconds: float, outcome: str) -> Mapping[str, object]:
        """Return what is logged; never a variable, a text or a message, which may contain secrets."""
        return {
            "partner": self.partner_id,
            "administrator": self.administrator_id,
            "kind": self.kind,
            "operation": self.name[:MAX_LOGGED_NAME],
            "outcome": outcome,
            "cost": self.cost,
            "milliseconds": round(seconds * 1000, 1),
            **({"errors": list(self.codes)} if self.codes else {}),
            **({"trace_id": self.trace_id} if self.trace_id else {}),
        }
