"""The conflicts of one run of a job: customers and partners after one that conflicts are processed, too."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.failures import Unavailable
from store.database.conflict_halving import is_outage


class Conflicts:
    """Keeps the last conflict of a run, to be raised when everything was tried."""

    def __init__(self) -> None:
        self._last: Unavailable | None = None

    @contextmanager
    def keep(self) -> Iterator[None]:
        """Keep a conflict of the block. An outage is raised at once: it ends the run."""
        try:
            yield
        except Unavailable as error:
            if is_outage(error):
                raise
            self._last = error

    def raise_last(self) -> None:
        """Raise the last conflict; do nothing without one."""
        if self._last is not None:
            raise self._last
