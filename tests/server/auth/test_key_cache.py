"""The keys of an issuer in memory: nobody waits long for an issuer that hangs, and its last good keys stay."""

import asyncio
import math
from collections.abc import Mapping

import pytest

from domain.failures import Unavailable
from server.auth.key_cache import KeyCache
from server.auth.key_sets import parse_key_set
from server.auth.signatures import Key
from tests.server.auth.factory_tokens import new_key, public_part

OLD, NEW = new_key(kid="old"), new_key(kid="new")


class SlowIssuer:
    """Publishes keys, and answers only while `answers` is set."""

    def __init__(self) -> None:
        self.published = [OLD]
        self.answers = asyncio.Event()
        self.answers.set()
        self.fetches = 0
        self.fails = False

    async def fetch(self) -> Mapping[str, Key]:
        self.fetches += 1
        await self.answers.wait()
        if self.fails:
            raise RuntimeError
        return parse_key_set({"keys": list(map(public_part, self.published))})


@pytest.fixture
def issuer() -> SlowIssuer:
    return SlowIssuer()


def cache(issuer: SlowIssuer, max_wait: float, min_interval: float = 0.0) -> KeyCache:
    return KeyCache("an issuer", issuer.fetch, min_interval=min_interval, max_wait=max_wait)


async def test_requests_with_an_unknown_key_id_stop_waiting_while_the_fetch_goes_on(issuer: SlowIssuer) -> None:
    keys = cache(issuer, max_wait=0.05)
    assert await keys.find("old") is not None and await keys.find("strange") is None
    fetches = issuer.fetches
    issuer.answers.clear()
    issuer.published = [OLD, NEW]
    for _ in range(3):
        with pytest.raises(Unavailable, match="keys of this token's issuer"):
            await asyncio.wait_for(keys.find("new"), 20)
        assert await keys.find("old") is not None
    assert issuer.fetches == fetches + 1
    issuer.answers.set()
    await keys.fetch()
    assert await keys.find("new") is not None


async def test_who_comes_later_does_not_wait_as_long_again(issuer: SlowIssuer) -> None:
    keys = cache(issuer, max_wait=0.3)
    await keys.fetch()
    issuer.answers.clear()
    async with asyncio.timeout(15):
        for number in range(100):
            with pytest.raises(Unavailable):
                await keys.find(f"strange {number}")
    await keys.stop()


async def test_without_any_key_nobody_waits_long_either(issuer: SlowIssuer) -> None:
    issuer.answers.clear()
    keys = cache(issuer, max_wait=0.05)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(keys.find("old"), 20)
    assert keys.current("old") is None
    issuer.answers.set()
    await keys.fetch()
    assert keys.current("old") is not None


async def test_unknown_key_ids_cause_one_fetch_in_an_interval(issuer: SlowIssuer) -> None:
    keys = cache(issuer, max_wait=20, min_interval=math.inf)
    assert await asyncio.gather(*(keys.find(f"strange {number}") for number in range(50))) == [None] * 50
    assert await keys.find("strange") is None and await keys.find("old") is not None
    assert issuer.fetches == 1


async def test_the_last_good_keys_stay_after_a_fetch_that_failed(issuer: SlowIssuer) -> None:
    keys = cache(issuer, max_wait=20)
    await keys.fetch()
    issuer.fails = True
    assert await keys.find("new") is None
    assert await keys.find("old") is keys.current("old") is not None


async def test_a_stopped_cache_cancels_its_fetch(issuer: SlowIssuer) -> None:
    keys = cache(issuer, max_wait=20)
    await keys.stop()
    issuer.answers.clear()
    waiting = asyncio.create_task(keys.find("old"))
    await asyncio.sleep(0)
    await keys.stop()
    with pytest.raises(Unavailable):
        await waiting
