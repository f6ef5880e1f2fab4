"""A question that is asked again is answered from the first time."""

import asyncio

import pytest

from loaders.request_memo import RequestMemo


async def test_asks_each_question_once() -> None:
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        await asyncio.sleep(0)
        return question.upper()

    once = RequestMemo(ask)
    assert list(await asyncio.gather(*(once.load(question) for question in "abab"))) == ["A", "B", "A", "B"]
    assert await once.load("a") == "A"
    assert asked == ["a", "b"]


async def test_a_failure_stays_with_its_question() -> None:
    async def ask(question: int) -> float:
        return 1 / question

    once = RequestMemo(ask)
    assert await once.load(2) == 0.5
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await once.load(0)


async def test_who_goes_away_leaves_the_others_their_answer() -> None:
    async def ask(question: int) -> int:
        await asyncio.sleep(0)
        return question

    once = RequestMemo(ask)
    gone, stays = asyncio.ensure_future(once.load(1)), asyncio.ensure_future(once.load(1))
    gone.cancel()
    assert await stays == 1
