"""Fields without a resolver have the results of graphql-core's default resolver, which is called only for functions."""

from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLResolveInfo, build_schema, parse

from execution.resolving import Resolving
from tests.execution.comparison import STOCK
from tests.execution.executors import COMPILED
from tests.execution.test_shortcuts import results

SCHEMA = build_schema("""
  type Query { rows: [Row] }
  type Row { size(times: Int = 2): Int need(times: Int!): Int! sizes: [Int!] row: Row }
""")
DOCUMENT = "{ rows { size size3: size(times: 3) need(times: 1) sizes row { size } } }"


class Odd:
    """An object with attributes that raise, are missing, or are read by `__getattr__`."""

    sizes = (1, 2)

    @property
    def size(self) -> int:
        raise ValueError("no size")

    def __getattr__(self, name: str) -> Any:
        if name == "row":
            return SimpleNamespace(size=5)
        raise AttributeError(name)


def _times(_info: GraphQLResolveInfo[Any], times: int = 0) -> int:
    return 10 * times


ROWS: list[Any] = [
    {"size": 1, "need": 2, "sizes": [3], "row": {"size": 4}},
    MappingProxyType({"size": 1, "need": None}),
    SimpleNamespace(size=1, need=2, sizes=[3], row=SimpleNamespace(size=4)),
    SimpleNamespace(size=_times, need=_times, sizes=lambda _info: [7], row=lambda _info: {"size": _times}),
    {"size": _times, "need": lambda _info, times: 1 // 0, "row": _times},
    Odd(),
    None,
    5,
]


@pytest.mark.parametrize("count", range(1, len(ROWS) + 1))
def test_rows_of_every_kind(count: int) -> None:
    for root in ({"rows": ROWS[:count]}, SimpleNamespace(rows=ROWS[-count:]), {"rows": lambda _info: ROWS[:count] * 9}):
        expected, actual = results(SCHEMA, DOCUMENT, root)
        assert actual == expected


def test_a_wrong_argument_is_the_error_of_a_field_that_is_only_read() -> None:
    for size in (1, _times):
        # Validation would refuse the document; an executor that gets it all the same reports the argument.
        expected, actual = results(SCHEMA, '{ rows { size(times: "x") need } }', {"rows": [{"size": size, "need": 1}]})
        assert actual == expected and actual["errors"]


def test_plain_values_take_no_call_for_each_object(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(Resolving, "one", lambda _self, field, *_arguments: called.append(field.key))
    execution: Any = COMPILED.build(SCHEMA, parse("{ rows { size need(times: 1) } }"), {"rows": [ROWS[0], ROWS[2]]})
    assert execution.execute_operation().formatted == {"data": {"rows": [{"size": 1, "need": 2}] * 2}}
    assert called == []


def test_another_field_resolver_is_called() -> None:
    def double(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
        value = source[info.field_name]
        return value * 2

    for executor in (STOCK, COMPILED):
        execution: Any = executor.build(
            SCHEMA, parse("{ rows { size } }"), {"rows": [{"size": 1}]}, field_resolver=double
        )
        assert execution.execute_operation().formatted == {"data": {"rows": [{"size": 2}, {"size": 2}]}}
