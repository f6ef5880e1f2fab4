"""What every forked server process has imported and built before it starts."""

from uvicorn.lifespan import on
from uvicorn.loops import uvloop

from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.messages import translatable
from schema.build import build_schema
from server import asgi, serving
from server.cli import command_line
from server.connections import request_transport
from server.live import socket_transport

# uvicorn imports four of them only when a server starts, which took a quarter of that.
__all__ = ["asgi", "command_line", "on", "request_transport", "serving", "socket_transport", "uvloop"]

build_schema()
for language in Language:
    render_message(translatable("{number}", number=1_000), language)
