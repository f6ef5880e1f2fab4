"""What every forked server process has imported and built before it starts."""

from domain.languages.rendering import load_languages
from schema.build import build_schema
from server import asgi, serving
from server.cli import command_line

__all__ = ["asgi", "command_line", "serving"]

build_schema()
load_languages()
