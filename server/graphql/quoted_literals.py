"""How the errors of graphql-core quote the literal in which they are: by the start of its text.

graphql-core prints all of it anew, for each of its errors: an object of 400 keys takes 4 ms each time.
"""

from importlib import import_module
from typing import Any

from graphql import Node
from graphql.language.printer import print_for_error

MAX_QUOTED_CHARACTERS = 200
# The modules whose errors quote literals. They have no other way to state how.
_QUOTING = ("graphql.utilities.validate_input_value", "graphql.type.definition", "graphql.type.scalars")


def quote(node: Node) -> str:
    """Return a literal as it stands in the text, or its start where it is long."""
    location = node.loc
    if location is None:
        # A copy in the place of a scalar or an enum value, of which no other error quotes a part.
        return _cut(print_for_error(node))
    end = min(location.end, location.start + MAX_QUOTED_CHARACTERS + 1)
    return _cut(location.source.body[location.start : end])


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTED_CHARACTERS else text[:MAX_QUOTED_CHARACTERS] + "…"


def quote_starts_of_literals() -> None:
    """Let all errors of graphql-core quote literals with `quote`."""
    for name in _QUOTING:
        module: Any = import_module(name)
        module.print_for_error = quote
