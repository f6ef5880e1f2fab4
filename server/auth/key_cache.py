"""The keys of one issuer in memory: fetched in the background, and again for an unknown key id, but not often."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from structlog import get_logger

from domain.failures import Unavailable
from server.auth.signatures import Key

# Anybody can send tokens with unknown key ids: they cause at most one fetch in this time.
MIN_INTERVAL_SECONDS = 30.0
# While the issuer answers, a key that it has withdrawn is accepted for about this long.
MAX_AGE_SECONDS = 300.0
# Requests wait for a fetch until it has taken this long: anybody can send requests that wait, and an issuer can hang.
MAX_WAIT_SECONDS = 2.0
_log = get_logger()


class KeyCache:
    """The last good keys of an issuer. `run` keeps them fresh; requests that wait for keys share one fetch.

    Where `fetch` fails, the keys that are there stay.
    """

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[], Awaitable[Mapping[str, Key]]],
        *,
        min_interval: float = MIN_INTERVAL_SECONDS,
        max_age: float = MAX_AGE_SECONDS,
        max_wait: float = MAX_WAIT_SECONDS,
    ) -> None:
        self._issuer = issuer
        self._fetch_keys = fetch
        self._min_interval, self._max_age, self._max_wait = min_interval, max_age, max_wait
        self._keys: Mapping[str, Key] = {}
        self._fetching: asyncio.Task[None] | None = None
        self._next_fetch_at = self._wait_until = 0.0
        self._is_fresh = False

    def current(self, key_id: str) -> Key | None:
        """Return the key, if it is known; a fetch replaces every key by another object."""
        return self._keys.get(key_id)

    async def find(self, key_id: str) -> Key | None:
        """Return the key; fetch the keys where it is unknown and the last fetch is not too recent.

        Raise Unavailable where no key of the issuer could be fetched yet, or where the fetch takes too long.
        """
        fetching = None if key_id in self._keys else self._start_fetch()
        if fetching is not None:
            # `wait` does not cancel the fetch at its timeout: other requests wait for it too.
            await asyncio.wait([fetching], timeout=max(0.0, self._wait_until - monotonic()))
        key = self._keys.get(key_id)
        if not self._keys or (key is None and fetching is not None and not fetching.done()):
            raise Unavailable("The keys of this token's issuer cannot be fetched at the moment; try again.")
        return key

    async def fetch(self) -> None:
        """Fetch the keys, or wait for the fetch that is under way; do nothing soon after the last one."""
        fetching = self._start_fetch()
        if fetching is not None:
            await asyncio.shield(fetching)

    def _start_fetch(self) -> asyncio.Task[None] | None:
        """Return the fetch that is under way, or a new one; None soon after the last one."""
        if self._fetching is None and monotonic() >= self._next_fetch_at:
            now = monotonic()
            self._next_fetch_at, self._wait_until = now + self._min_interval, now + self._max_wait
            self._fetching = asyncio.create_task(self._fetch(), name=f"keys of {self._issuer}")
        return self._fetching

    async def run(self) -> None:
        """Fetch the keys now and whenever they are old; never returns."""
        while True:
            await self.fetch()
            await asyncio.sleep(self._max_age if self._is_fresh else self._min_interval)

    async def stop(self) -> None:
        """End the fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _fetch(self) -> None:
        try:
            self._keys = await self._fetch_keys()
            self._is_fresh = True
        except Exception as failure:  # noqa: BLE001  Whatever an issuer answers, its last good keys stay in use.
            self._is_fresh = False
            kept = f"the last {len(self._keys)} are used" if self._keys else "its tokens cannot be verified"
            _log.warning("keys not fetched", issuer=self._issuer, reason=str(failure) or repr(failure), effect=kept)
        finally:
            self._fetching = None
