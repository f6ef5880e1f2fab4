"""How a sentence names several things."""

from collections.abc import Iterable


def join_names(names: Iterable[str], joint: str = "and") -> str:
    """`Gold`, `Gold and EMEA`, `Gold, EMEA and Key account`; at least one."""
    *others, last = names
    return f"{', '.join(others)} {joint} {last}" if others else last
