"""OpenTelemetry: a span for each operation, continued from the caller's `traceparent`.

Off unless the standard OTEL_ variables name an exporter; then the extra `otel` must be installed. While it is off, an
operation costs a comparison more, and the driver calls no listener of commands
(store/database/driver_events/command_spans.py).
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from threading import Thread
from typing import Any

from opentelemetry import trace
from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.failures import OperatorError

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"
# A collector that does not answer must not delay the end of the process.
_FLUSH_SECONDS = 3.0
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACE_HEADERS = {b"traceparent", b"tracestate"}


class _State:
    tracer: Tracer | None = None


def wants_traces(environment: Mapping[str, str]) -> bool:
    """Return whether the OTEL_ variables name an exporter of traces; raise OperatorError where it cannot be used."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "otlp" if _first(environment, _ENDPOINTS) else "none")
    if exporter == "none":
        return False
    if exporter != "otlp" or _first(environment, _PROTOCOLS) not in {None, _HTTP}:
        raise OperatorError(f"Traces are exported by OTLP over {_HTTP} only: set OTEL_TRACES_EXPORTER to otlp or none.")
    if find_spec("opentelemetry.exporter") is None or find_spec("opentelemetry.sdk") is None:
        raise OperatorError("The OTEL_ variables name an exporter: install it with `pip install 'partnerhub[otel]'`.")
    return True


def _first(environment: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


class Tracing:
    """The traces of a process, where they are wanted; an asynchronous context manager."""

    async def __aenter__(self) -> None:
        """Set the provider of the process; create database clients after this, so that they trace their commands."""
        self._provider = _new_provider() if wants_traces(os.environ) else None
        if self._provider is not None:
            trace.set_tracer_provider(self._provider)
            _State.tracer = self._provider.get_tracer("partnerhub")

    async def __aexit__(self, *_: object) -> None:
        """Export what has ended."""
        if self._provider is not None:
            _State.tracer = None
            flushing = Thread(target=self._provider.shutdown, name="last traces", daemon=True)
            flushing.start()
            await asyncio.to_thread(flushing.join, _FLUSH_SECONDS)


def _new_provider() -> Any:
    # The extra is imported only where it is used.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    is_named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if is_named else {"service.name": "partnerhub"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def attach_parent(headers: Iterable[tuple[bytes, bytes]]) -> Any:
    """Continue the trace of a request's headers; return what `detach_parent` needs, None while traces are off."""
    if _State.tracer is None:
        return None
    carrier = {name.decode(): value.decode("latin-1") for name, value in headers if name in _TRACE_HEADERS}
    return attach(_PROPAGATOR.extract(carrier))


def detach_parent(token: Any) -> None:
    """End what `attach_parent` began."""
    if token is not None:
        detach(token)


class OperationSpan:
    """The span of an operation; commands to the database while it is current are its children."""

    __slots__ = ("_span", "_token")

    def __init__(self, tracer: Tracer) -> None:
        self._span: Span = tracer.start_span("operation", kind=SpanKind.SERVER)
        self._token: Any = attach(trace.set_span_in_context(self._span))

    @property
    def trace_id(self) -> str:
        """The id of the trace, for the log."""
        return trace.format_trace_id(self._span.get_span_context().trace_id)

    def set_operation(self, kind: str, name: str, label: str) -> None:
        """Name the span; a name that the client chose freely is only an attribute."""
        self._span.update_name(f"{kind} {label}")
        self._span.set_attributes({"graphql.operation.type": kind, "graphql.operation.name": name})

    def end(self, attributes: Mapping[str, Any], codes: Sequence[str]) -> None:
        """End the span; further commands are of no operation."""
        detach(self._token)
        self._span.set_attributes({**attributes, "partnerhub.errors": list(codes)})
        if codes:
            self._span.set_status(Status(StatusCode.ERROR, ", ".join(codes)))
        self._span.end()


def start_operation_span() -> OperationSpan | None:
    """Start the span of an operation; None while traces are off."""
    return None if _State.tracer is None else OperationSpan(_State.tracer)
