"""What every forked server process has imported and built before it starts."""

from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.messages import translatable
from schema.build import build_schema
from server import asgi, serving
from server.cli import command_line

__all__ = ["asgi", "command_line", "serving"]

build_schema()
for language in Language:
    render_message(translatable("{number}", number=1_000), language)
