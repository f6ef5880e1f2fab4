"""Run the server: open the port, start uvicorn in one or several processes, and report when it is ready."""

import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from msgspec.structs import replace
from uvicorn.supervisors import Multiprocess

from domain.failures import OperatorError
from server.app.authentication import read_token_issuers
from server.app.database import database_uri
from server.app.document_settings import check_document_settings
from server.app.installation import read_terms
from server.app.keys import key_file_advice, load_keys, with_key_file
from server.app.mail import read_smtp_server
from server.app.settings import Settings
from server.connections.limits import BACKLOG, ConnectionLimits, choose_connection_limit, raise_descriptor_limit
from server.connections.server_config import ServerConfig
from server.connections.trusted_proxies import TrustedProxies
from server.development_issuer.loopback import check_start
from server.gc_tuning import pause_gc
from server.telemetry.exposition import shared_by_workers
from server.telemetry.tracing import wants_traces
from server.worker_process import become_parent

OnReady = Callable[[str], None]
_READY_TIMEOUT_SECONDS = 120.0
_IMPORT_MARGIN_SECONDS = 5.0
# Without this, the kernel takes megabytes for a client that does not read, and the server notices it only after them.
_MAX_UNSENT_BYTES = 128 * 1024


def serve(settings: Settings, data: Path | None, host: str, port: int, workers: int) -> None:
    """Serve until a stop signal; raise OperatorError where the port is in use."""
    check_start(settings, host, workers)
    listener = open_listener(host, port)
    with listener, database_uri(settings, data) as uri:
        chosen = with_key_file(settings, data)
        serve_listener(listener, chosen, uri, workers, lambda address: print(f"ready {address}", flush=True))


def open_listener(host: str, port: int, setting: str = "--port, or 0 for a free one") -> socket.socket:
    """Return a listening socket; raise OperatorError where another program uses the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as problem:
        listener.close()
        raise OperatorError(
            f"Cannot listen on {host} port {port} ({problem.strerror}): name another with {setting}."
        ) from None
    # Its connections inherit the option. It limits what is not sent yet, so a distant client is as fast as before.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MAX_UNSENT_BYTES)
    listener.listen(BACKLOG)
    listener.set_inheritable(True)
    return listener


def listener_url(listener: socket.socket) -> str:
    """Return the URL of the server."""
    host, port = listener.getsockname()[:2]
    # A server that listens on all interfaces is reachable on this machine by its loopback address.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_listener(listener: socket.socket, settings: Settings, uri: str, workers: int, on_ready: OnReady) -> None:
    """Run uvicorn on the socket; return after SIGINT or SIGTERM, when running requests are done."""
    # The application reads these files too; its failure there would be a traceback in each worker.
    read_terms(settings)
    read_smtp_server(settings)
    read_token_issuers(settings)
    check_document_settings(settings)
    wants_traces(os.environ)
    load_keys(settings)
    for advice in key_file_advice(settings):
        print(f"Advice: {advice}", file=sys.stderr)
    _export_settings(settings, uri, listener_url(listener))
    config = _server_config(settings, workers)
    threading.Thread(target=_report_when_ready, args=(listener_url(listener), on_ready), daemon=True).start()
    # uvicorn raises the signal again once it has stopped; it is handled by then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    with _metrics_listeners(settings, listener.getsockname()[1]) as metrics_listeners:
        _run(config, [listener, *metrics_listeners], workers)


@contextmanager
def _metrics_listeners(settings: Settings, port: int) -> Iterator[list[socket.socket]]:
    if not settings.metrics_port:
        yield []
        return
    if settings.metrics_port == port:
        # Both may listen, on different addresses; the application knows the metrics by their port alone.
        raise OperatorError(f"PARTNERHUB_METRICS_PORT is the port of the API, {port}: choose another one.")
    with open_listener(settings.metrics_host, settings.metrics_port, "PARTNERHUB_METRICS_PORT") as listener:
        yield [listener]


def _run(config: ServerConfig, sockets: list[socket.socket], workers: int) -> None:
    if workers > 1:
        become_parent()
        with shared_by_workers():
            Multiprocess(config, sockets=sockets).run()
        return
    # This process itself imports the application, whose start tunes the collector.
    pause_gc()
    server = uvicorn.Server(config)
    server.run(sockets=sockets)
    if not server.started:
        raise OperatorError("The server did not start; the lines above say why.")


def _server_config(settings: Settings, workers: int) -> ServerConfig:
    return ServerConfig(
        "server.asgi:application",
        connection_limits(settings),
        TrustedProxies(settings.trusted_proxies, settings.trusted_proxy_header),
        settings.metrics_port,
        factory=True,
        workers=workers,
        loop="uvloop",
        # The fast path of live connections (docs/decisions/0017); it also closes connections of clients that are gone.
        http="server.connections.request_transport:RequestTransport",
        ws="server.live.socket_transport:SocketTransport",
        ws_max_size=1024 * 1024,
        ws_per_message_deflate=False,
        # server/app/logs.py configures them.
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def connection_limits(settings: Settings) -> ConnectionLimits:
    """Return the limits of a process; raise its number of file descriptors to the most that is allowed."""
    limits = wanted_connection_limits(settings)
    return replace(limits, limit=choose_connection_limit(limits.limit, raise_descriptor_limit()))


def wanted_connection_limits(settings: Settings) -> ConnectionLimits:
    """Return the limits that the settings ask for."""
    names = set(ConnectionLimits.__struct_fields__) - {"import_seconds"}
    values = {name: getattr(settings, f"connection_{name}") for name in names}
    return ConnectionLimits(**values, import_seconds=settings.import_idle_seconds + _IMPORT_MARGIN_SECONDS)


def _export_settings(settings: Settings, uri: str, address: str) -> None:
    """Put the settings into the environment, from which worker processes read them."""
    os.environ["MONGODB_URI"] = uri
    os.environ["PARTNERHUB_SIGNING_KEY_FILE"] = settings.signing_key_file
    os.environ["PARTNERHUB_DATABASE"] = settings.database
    os.environ["PARTNERHUB_DEVELOPMENT_SIGN_IN"] = settings.development_sign_in
    os.environ["PARTNERHUB_PUBLIC_URL"] = settings.public_url or address


def _report_when_ready(address: str, on_ready: OnReady) -> None:
    ends = time.monotonic() + _READY_TIMEOUT_SECONDS
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 (our own address)
                on_ready(address)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
