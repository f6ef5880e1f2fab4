"""Spans of the commands that an operation sends to MongoDB, from the events of the driver.

The names of the methods are those of PyMongo's CommandListener, which store/database/client.py combines with this
class. Values of commands are not recorded: they may be secrets, and they are data of customers.
"""

from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer


def is_tracing() -> bool:
    """Return whether the process records traces, so that a client needs a listener."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


class CommandSpans:
    """Records each command of a recorded operation; commands of jobs and feeds have no operation."""

    def __init__(self) -> None:
        self._tracer: Tracer = trace.get_tracer("partnerhub.database")
        self._spans: dict[int, Span] = {}

    def started(self, event: Any) -> None:
        """Start a span where an operation is being recorded."""
        if not trace.get_current_span().is_recording():
            return
        collection = event.command.get(event.command_name)
        attributes = {
            "db.system.name": "mongodb",
            "db.namespace": event.database_name,
            "db.operation.name": event.command_name,
            **({"db.collection.name": collection} if isinstance(collection, str) else {}),
        }
        name = f"{event.command_name} {collection}" if isinstance(collection, str) else event.command_name
        self._spans[event.request_id] = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)

    def succeeded(self, event: Any) -> None:
        """End the span of the command."""
        span = self._spans.pop(event.request_id, None)
        if span is not None:
            span.end()

    def failed(self, event: Any) -> None:
        """End the span of the command with the code of its failure."""
        span = self._spans.pop(event.request_id, None)
        if span is not None:
            span.set_status(Status(StatusCode.ERROR, str(event.failure.get("codeName", "failed"))))
            span.end()
