"""The record of one operation: collected while it runs, counted when it ends."""

from asyncio import CancelledError
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, Self

from server.telemetry.operation_metrics import count_cost, count_operation, name_label, observe_seconds

SUBSCRIPTION = "subscription"
_UNKNOWN_KIND = "unknown"
_OK, _ERROR, _CANCELLED = "ok", "error", "cancelled"


@dataclass(frozen=True, slots=True)
class OperationRecorder:
    """How a process records its operations; `names` are those that metrics show."""

    names: Collection[str] = frozenset()

    def start(self) -> "OperationRecord":
        """Return the record of an operation that starts now; use it as a context manager."""
        return OperationRecord(self)


@dataclass(slots=True)
class OperationRecord:
    """One operation; `codes` are the distinct codes of its errors. What is raised inside its block is an error."""

    recorder: OperationRecorder
    started_at: float = field(default_factory=monotonic)
    kind: str = _UNKNOWN_KIND
    name: str = ""
    label: str = field(init=False)
    cost: int = 0
    codes: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.label = name_label("", self.recorder.names)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
    ) -> None:
        outcome = self._outcome(failure)
        count_operation(self.label, self.kind, self.codes, outcome)
        if self.kind not in {SUBSCRIPTION, _UNKNOWN_KIND}:
            observe_seconds(self.label, self.kind, monotonic() - self.started_at)

    def set_operation(self, kind: str, name: str) -> None:
        """Record what the request asks for, once it is known."""
        self.kind, self.name = kind, name
        self.label = name_label(name, self.recorder.names)

    def set_cost(self, cost: int) -> None:
        """Record what the operation was charged."""
        self.cost = cost
        count_cost(self.label, cost)

    def set_errors(self, errors: Sequence[Mapping[str, Any]]) -> None:
        """Record the codes of entries of `errors`."""
        self.codes = list(dict.fromkeys(error["extensions"]["code"] for error in errors))

    def _outcome(self, failure: BaseException | None) -> str:
        if isinstance(failure, CancelledError):
            # A subscription has no other end where the client leaves.
            return _OK if self.kind == SUBSCRIPTION else _CANCELLED
        return _ERROR if self.codes or failure is not None else _OK
