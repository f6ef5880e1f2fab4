"""Lists of names in English sentences."""

from collections.abc import Iterable


def join_names(names: Iterable[str], conjunction: str = "and") -> str:
    """Return `Gold`, `Gold and EMEA`, or `Gold, EMEA and Key account`; raise ValueError for no names."""
    *others, last = names
    return f"{', '.join(others)} {conjunction} {last}" if others else last
