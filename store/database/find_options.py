"""The options of a find."""

from collections.abc import Sequence
from typing import Any, TypedDict

# The documents of one batch of a find; a higher limit makes a larger batch.
BATCH_DOCUMENTS = 1_000


class FindOptions(TypedDict, total=False):
    """The order of the documents, how many are skipped, their highest number (0 is no limit), the index to use."""

    sort: Sequence[tuple[str, int]] | None
    skip: int
    limit: int
    hint: str | None
    session: Any


def open_cursor(find: Any, *arguments: Any, hint: str | None = None, limit: int = 0, **options: Any) -> Any:
    """Return the cursor of a `find` of a driver, with these options."""
    cursor = find(*arguments, limit=limit, batch_size=max(limit, BATCH_DOCUMENTS), **options)
    return cursor if hint is None else cursor.hint(hint)
