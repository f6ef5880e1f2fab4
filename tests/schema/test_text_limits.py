"""No text in any argument or input of the schema takes much time: each is refused before it is normalized."""

import asyncio
from collections.abc import Iterator, Mapping
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    is_required_argument,
    is_required_input_field,
)
from graphql.utilities import coerce_input_value, validate_input_value

from domain.failures import TextTooLong
from domain.user_errors import UserErrorCode
from resolvers.mutations import MutationResult
from schema.build import build_schema
from schema.feed_fields import convert_feed_arguments
from tests.resolvers.factory_context import context_with
from tests.worst_texts import MEBIBYTE, WORST_TEXTS, run_at_once, worst_text

SCHEMA = build_schema()
FIELDS = {
    f"{kind.name}.{name}": field
    for kind in SCHEMA._schema.type_map.values()
    if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
    for name, field in kind.fields.items()
    if field.args
}
FEEDS = {label for label in FIELDS if label.startswith("Subscription.")}
# A blank idempotency key is named as that, whatever its length.
REFUSALS = ({UserErrorCode.TOO_LONG}, {UserErrorCode.BLANK})
SMALL = {
    "String": "a",
    "ID": "cus_a",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "DateTime": "2027-01-01T00:00:00Z",
    "Date": "2026-11-23",
    "Decimal": "1.5",
    "JSON": {},
}


def _small_value(kind: Any) -> Any:
    if isinstance(kind, GraphQLNonNull):
        return _small_value(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [_small_value(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return _small_object(kind, ()) if isinstance(kind, GraphQLInputObjectType) else SMALL[kind.name]


def _small_object(kind: GraphQLInputObjectType, besides: tuple[str, ...]) -> dict[str, Any]:
    required = {name for name, field in kind.fields.items() if is_required_input_field(field)}
    if kind.is_one_of and not besides:
        required = {next(iter(kind.fields))}
    return {name: _small_value(kind.fields[name].type) for name in required - set(besides)}


def _places(kind: Any, text: str, seen: frozenset[str] = frozenset()) -> Iterator[Any]:
    """Yield a value of the type for each place of a text in it, with the text at this place."""
    if isinstance(kind, GraphQLNonNull):
        yield from _places(kind.of_type, text, seen)
    elif isinstance(kind, GraphQLList):
        yield from ([value] for value in _places(kind.of_type, text, seen))
    elif not isinstance(kind, GraphQLInputObjectType):
        if isinstance(kind, GraphQLEnumType) or isinstance(SMALL[kind.name], str):
            yield text
    elif kind.name not in seen:
        for name, field in kind.fields.items():
            for value in _places(field.type, text, seen | {kind.name}):
                yield {**_small_object(kind, (name,)), name: value}


def _arguments(field: GraphQLField, text: str) -> Iterator[dict[str, Any]]:
    for name, argument in field.args.items():
        others = {n: _small_value(a.type) for n, a in field.args.items() if n != name and is_required_argument(a)}
        yield from ({**others, name: value} for value in _places(argument.type, text))


def _coerce(field: GraphQLField, name: str, value: Any) -> Any:
    """Return the value of an argument as the executor does; raise GraphQLError where it is not of its type."""
    kind = field.args[name].type
    coerced = coerce_input_value(value, kind)
    if coerced is Undefined:
        errors: list[GraphQLError] = []
        validate_input_value(value, kind, lambda error, _path: errors.append(error))
        raise errors[0]
    return coerced


async def _refusal(label: str, given: Mapping[str, Any]) -> object:
    """Give the arguments to the field; return what refuses them: an exception, or the code of a user error."""
    field = FIELDS[label]
    context = context_with()
    try:
        coerced = {field.args[name].out_name or name: _coerce(field, name, value) for name, value in given.items()}
        if label in FEEDS:
            return convert_feed_arguments(SCHEMA, field, coerced)
        info: Any = SimpleNamespace(context=context, field_nodes=[], fragments={})
        assert field.resolve is not None
        answer: Any = field.resolve(None, info, **coerced)
        result = await answer if isawaitable(answer) else answer
    except (GraphQLError, TextTooLong) as refused:
        return refused
    assert isinstance(result, MutationResult)
    return {error.code for error in result.user_errors}


@pytest.mark.parametrize("text", WORST_TEXTS)
def test_a_mebibyte_of_text_is_refused_at_once_wherever_a_text_is_given(text: str) -> None:
    long, places = worst_text(text, MEBIBYTE), 0
    with asyncio.Runner() as runner:
        for label, field in FIELDS.items():
            for given in _arguments(field, long):
                refusal = run_at_once(lambda: runner.run(_refusal(label, given)))  # noqa: B023
                is_refused = isinstance(refusal, Exception) or refusal in REFUSALS
                assert is_refused, (label, str(given)[:300], refusal)
                assert len(str(refusal)) < 1_000
                places += 1
    assert places > 100
