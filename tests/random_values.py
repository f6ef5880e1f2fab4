"""Random values for tests, which take a tenth of the time that hypothesis takes to draw large ones.

The functions are named as in `hypothesis.strategies`, and draw from a `random.Random`. `seeded` makes a strategy of
them: hypothesis draws the seed only, so it repeats and prints a failing example, but does not find a smaller one.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from random import Random
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
U = TypeVar("U")
P = ParamSpec("P")
_MAX_SEED = 2**64 - 1
# How often a value is drawn again where a list must not repeat one.
_ATTEMPTS = 10
# By how many values most lists are at most longer than they must be.
_MOST = 10


class Values(Generic[T]):
    """All values that `draw` can return."""

    def __init__(self, draw: Callable[[Random], T]) -> None:
        self.draw = draw

    def map(self, convert: Callable[[T], U]) -> "Values[U]":
        draw = self.draw
        return Values(lambda random: convert(draw(random)))

    def filter(self, is_wanted: Callable[[T], bool]) -> "Values[T]":
        draw = self.draw

        def draw_wanted(random: Random) -> T:
            while not is_wanted(value := draw(random)):
                pass
            return value

        return Values(draw_wanted)

    def __or__(self, other: "Values[U]") -> "Values[T | U]":
        return _AnyOf([*_alternatives(self), *_alternatives(other)])


class _AnyOf(Values[T]):
    """The values of each alternative equally often."""

    def __init__(self, alternatives: Sequence[Values[Any]]) -> None:
        self.alternatives = alternatives
        super().__init__(lambda random: random.choice(alternatives).draw(random))


def _alternatives(values: Values[Any]) -> Sequence[Values[Any]]:
    return values.alternatives if isinstance(values, _AnyOf) else [values]


# What a `composite` function draws its parts with.
Draw = Callable[[Values[Any]], Any]


def seeded(values: Values[T]) -> st.SearchStrategy[T]:
    """Return a strategy of which hypothesis draws the seed."""
    return st.integers(0, _MAX_SEED).map(lambda seed: values.draw(Random(seed)))


def randoms() -> st.SearchStrategy[Random]:
    """Return a strategy of generators; those of hypothesis record each number."""
    return st.integers(0, _MAX_SEED).map(Random)


def composite(build: Callable[Concatenate[Draw, P], T]) -> Callable[P, Values[T]]:
    """Make values of a function that draws the parts of one."""

    def values(*args: P.args, **kwargs: P.kwargs) -> Values[T]:
        return Values(lambda random: build(lambda part: part.draw(random), *args, **kwargs))

    return values


def just(value: T) -> Values[T]:
    return Values(lambda random: value)


def none() -> Values[None]:
    return just(None)


def booleans() -> Values[bool]:
    return Values(lambda random: random.random() < 0.5)


def integers(lowest: int, highest: int) -> Values[int]:
    return Values(lambda random: random.randint(lowest, highest))


def sampled_from(values: Sequence[T]) -> Values[T]:
    return Values(lambda random: random.choice(values))


def one_of(*alternatives: Values[Any]) -> Values[Any]:
    return _AnyOf(alternatives)


def builds(build: Callable[..., T], *parts: Values[Any], **named: Values[Any]) -> Values[T]:
    def draw(random: Random) -> T:
        return build(
            *(part.draw(random) for part in parts), **{name: part.draw(random) for name, part in named.items()}
        )

    return Values(draw)


def tuples(*parts: Values[Any]) -> Values[tuple[Any, ...]]:
    return Values(lambda random: tuple(part.draw(random) for part in parts))


def permutations(values: Sequence[T]) -> Values[list[T]]:
    return Values(lambda random: random.sample(values, len(values)))


def fixed_dictionaries(
    required: Mapping[str, Values[Any]], *, optional: Mapping[str, Values[Any]] | None = None
) -> Values[dict[str, Any]]:
    """Dictionaries with all required keys and any number of the optional ones."""
    optional = optional or {}
    names = list(optional)

    def draw(random: Random) -> dict[str, Any]:
        chosen = random.sample(names, random.randint(0, len(names)))
        parts = {**required, **{name: optional[name] for name in chosen}}
        return {name: part.draw(random) for name, part in parts.items()}

    return Values(draw)


def lists(
    elements: Values[T], *, max_size: int, unique_by: Callable[[T], Hashable] | None = None, min_size: int = 0
) -> Values[list[T]]:
    """Lists of any size; those that must be unique can be shorter than `min_size` if there are too few values."""

    def draw(random: Random) -> list[T]:
        # Most lists are short, so that longer limits do not make all examples large.
        longest = max_size if random.random() < 0.1 else min(max_size, min_size + _MOST)
        size = random.randint(min_size, longest)
        if unique_by is None:
            return [elements.draw(random) for _ in range(size)]
        chosen: dict[Hashable, T] = {}
        for _ in range(size * _ATTEMPTS):
            if len(chosen) < size:
                value = elements.draw(random)
                chosen.setdefault(unique_by(value), value)
        return list(chosen.values())

    return Values(draw)


def subsets(values: Sequence[T]) -> Values[list[T]]:
    """Any of the values, in any order."""
    return Values(lambda random: random.sample(values, random.randint(0, len(values))))
