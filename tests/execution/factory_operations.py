"""Random valid operations over any schema, with variables for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)
from graphql.pyutils import Undefined
from graphql.type.introspection import SchemaMetaFieldDef, TypeMetaFieldDef

Value = TypeVar("Value")
# A value of a leaf type as its literal, and as its JSON value.
Leaf = tuple[str, Any]


class Choices(Protocol):
    """Where the choices come from: hypothesis, or a random generator."""

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit - 1."""


class RandomChoices:
    """The choices of a random generator."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit - 1."""
        return int(self._random.random() * limit)


@dataclass(slots=True)
class RandomOperation:
    """A valid operation; `variables` are those that the request has."""

    text: str
    variables: dict[str, Any]
    field_count: int


@dataclass(slots=True)
class Limits:
    """How large an operation becomes; `introspection` is how many of ten root fields are about the schema."""

    fields: int = 24
    depth: int = 4
    introspection: int = 1
    # Fields that are not selected, as `Type.field`.
    omitted: frozenset[str] = frozenset()


@dataclass(slots=True)
class OperationMaker:
    """Makes one operation. `leaf(type name, argument name)` may know values of a leaf type."""

    schema: GraphQLSchema
    choices: Choices
    limits: Limits = field(default_factory=Limits)
    leaf: Callable[[str, str, Choices], Leaf | None] = lambda _name, _argument, _choices: None
    _budget: int = 0
    # By response name: the field that has it. One name is one field everywhere, so all selections can be merged.
    _responses: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _fragments: list[tuple[str, str, str]] = field(default_factory=list)
    _definitions: list[str] = field(default_factory=list)
    _variables: dict[str, Any] = field(default_factory=dict)
    _names: int = 0

    def make(self, kind: str = "query") -> RandomOperation:
        """Return an operation."""
        root: Any = getattr(self.schema, f"{kind}_type")
        self._budget = self.limits.fields
        selection = self._selection(root, self.limits.depth, is_root=kind == "query")
        unused = self.limits.fields - max(self._budget, 0)
        variables = f"({', '.join(self._definitions)})" if self._definitions else ""
        name = "Op" if variables or self._chance(5) else ""
        fragments = "".join(f"\nfragment {fragment} on {on} {body}" for fragment, on, body in self._fragments)
        return RandomOperation(f"{kind} {name}{variables} {selection}{fragments}", self._variables, unused)

    def _chance(self, tenths: int) -> bool:
        return self.choices.below(10) < tenths

    def _pick(self, values: Sequence[Value]) -> Value:
        return values[self.choices.below(len(values))]

    def _new_name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def _selection(self, parent: Any, depth: int, *, is_root: bool = False) -> str:
        parts = [self._part(parent, depth, is_root) for _ in range(1 + self.choices.below(5))]
        return "{ " + " ".join(parts) + " }"

    def _part(self, parent: Any, depth: int, is_root: bool) -> str:
        choice = self.choices.below(12)
        if choice < 8 or depth == 0:
            return self._field(parent, depth, is_root)
        if choice < 10:
            condition = self._overlapping(parent)
            on = f"on {condition.name}" if condition is not parent or self._chance(7) else ""
            return f"... {on}{self._conditions()} {self._selection(condition, depth - 1)}"
        return f"...{self._fragment(parent, depth)}{self._conditions()}"

    def _fragment(self, parent: Any, depth: int) -> str:
        types = {each.name for each in self._overlapping_types(parent)}
        known = [name for name, on, _ in self._fragments if on in types]
        if known and self._chance(5):
            return self._pick(known)
        condition = self._overlapping(parent)
        body = self._selection(condition, depth - 1)
        # Only now: a fragment cannot contain itself.
        name = self._new_name("F")
        self._fragments.append((name, condition.name, body))
        return name

    def _overlapping_types(self, parent: Any) -> list[Any]:
        own = _possible_types(self.schema, parent)
        return [
            each
            for each in self.schema.type_map.values()
            if is_composite_type(each) and not own.isdisjoint(_possible_types(self.schema, each))
        ]

    def _overlapping(self, parent: Any) -> Any:
        return parent if self._chance(4) else self._pick(self._overlapping_types(parent))

    def _field(self, parent: Any, depth: int, is_root: bool) -> str:
        if self._budget <= 0 or self._chance(1):
            return f"{self._typename(parent)}{self._conditions()}"
        self._budget -= 1
        name, definition = self._select(parent, depth, is_root)
        if definition is None:
            return self._typename(parent)
        arguments = self._arguments(definition)
        response = self._response(name, arguments, definition)
        alias = "" if response == name else f"{response}: "
        returned = get_named_type(definition.type)
        # Validation limits how deep introspection goes.
        depth = min(depth, 2) if name.startswith("__") else depth
        below = f" {self._selection(returned, depth - 1)}" if is_composite_type(returned) else ""
        return f"{alias}{name}{arguments}{self._conditions()}{below}"

    def _typename(self, parent: Any) -> str:
        return self._pick(("__typename", "__typename", f"t{self.choices.below(3)}: __typename"))

    def _select(self, parent: Any, depth: int, is_root: bool) -> tuple[str, Any]:
        if is_root and self._chance(self.limits.introspection):
            return self._pick((("__schema", SchemaMetaFieldDef), ("__type", TypeMetaFieldDef)))
        # At the last level only leaves can be selected.
        fields = [
            (name, definition)
            for name, definition in getattr(parent, "fields", {}).items()
            if (depth > 0 or not is_composite_type(get_named_type(definition.type)))
            and f"{parent.name}.{name}" not in self.limits.omitted
        ]
        return self._pick(fields) if fields else ("", None)

    def _response(self, name: str, arguments: str, definition: Any) -> str:
        meaning = (name, arguments, str(definition.type))
        response = name if self._chance(8) else f"a{self.choices.below(4)}"
        if self._responses.setdefault(response, meaning) != meaning:
            response = self._new_name("b")
            self._responses[response] = meaning
        return response

    def _conditions(self) -> str:
        chosen = [directive for directive in ("skip", "include") if self.choices.below(14) == 0]
        return "".join(f" @{directive}(if: {self._condition_value()})" for directive in chosen)

    def _condition_value(self) -> str:
        if self._chance(3):
            return self._pick(("true", "false"))
        value = self._chance(5)
        known = [name for name in ("cond1", "cond2") if f"${name}: Boolean!" in " ".join(self._definitions)]
        if known and self._chance(5):
            return f"${self._pick(known)}"
        name = f"cond{len(known) + 1}"
        if name in ("cond1", "cond2"):
            default = f" = {str(not value).lower()}" if self._chance(3) else ""
            self._definitions.append(f"${name}: Boolean!{default}")
            if not default or self._chance(5):
                self._variables[name] = value
            return f"${name}"
        return f"${self._pick(known)}"

    def _arguments(self, definition: Any) -> str:
        given = []
        for name, argument in definition.args.items():
            if is_required_argument(argument) or self._chance(5):
                given.append(f"{name}: {self._input(argument.type, name, 2, has_default=_has_default(argument))}")
        return f"({', '.join(given)})" if given else ""

    def _input(
        self, expected: Any, name: str, depth: int, *, has_default: bool = False, only_given: bool = False
    ) -> str:
        if self._chance(3):
            return self._variable(expected, name, depth, has_default=has_default, only_given=only_given)
        return self._value(expected, name, depth)[0]

    def _variable(self, expected: Any, name: str, depth: int, *, has_default: bool, only_given: bool) -> str:
        """Return a new variable for the place: given, null, or omitted; with a default or without."""
        variable = self._new_name("v")
        required = isinstance(expected, GraphQLNonNull)
        nullable = expected.of_type if required else expected
        default = None
        if self._chance(3):
            default = self._value(GraphQLNonNull(nullable), name, depth, only_literals=True)[0]
        # A nullable variable is allowed at a place that is not where one of the two has a default that is not null.
        can_be_null = not only_given and (not required or has_default or default is not None)
        declared = f"{nullable}" if can_be_null and (required or self._chance(8)) else f"{nullable}!"
        self._definitions.append(f"${variable}: {declared}{'' if default is None else f' = {default}'}")
        may_omit = not declared.endswith("!") or default is not None
        if may_omit and self._chance(3):
            return f"${variable}"
        if not declared.endswith("!") and self._chance(2):
            self._variables[variable] = None
        else:
            # None has been decided above.
            self._variables[variable] = self._value(GraphQLNonNull(nullable), name, depth, only_literals=True)[1]
        return f"${variable}"

    def _value(self, expected: Any, name: str, depth: int, *, only_literals: bool = False) -> Leaf:
        """Return a value as literal and as JSON; the JSON value is right only with `only_literals`."""
        if isinstance(expected, GraphQLNonNull):
            expected = expected.of_type
        elif self._chance(1):
            return "null", None
        if isinstance(expected, GraphQLList):
            return self._list(expected, name, depth, only_literals)
        if isinstance(expected, GraphQLInputObjectType):
            return self._object(expected, depth, only_literals)
        known = self._type_name() if name == "name" and depth == 2 else self.leaf(expected.name, name, self.choices)
        if known is not None:
            return known
        if isinstance(expected, GraphQLEnumType):
            chosen = self._pick(tuple(expected.values))
            return chosen, chosen
        return self._scalar(expected.name)

    def _type_name(self) -> Leaf:
        name = self._pick((*self.schema.type_map, "Nowhere"))
        return f'"{name}"', name

    def _scalar(self, name: str) -> Leaf:
        number = self.choices.below(20)
        if name == "Boolean":
            return ("true", True) if number % 2 else ("false", False)
        if name == "Float":
            return f"{number}.5", number + 0.5
        if name == "Moment":
            return f'"m{number}"', f"m{number}"
        return (str(number), number) if name in ("Int", "Anything") else (f'"t{number}"', f"t{number}")

    def _list(self, expected: Any, name: str, depth: int, only_literals: bool) -> Leaf:
        inner = expected.of_type
        count = self.choices.below(3)
        if only_literals:
            values = [self._value(inner, name, depth, only_literals=True) for _ in range(count)]
            return f"[{', '.join(literal for literal, _ in values)}]", [value for _, value in values]
        return f"[{', '.join(self._input(inner, name, depth) for _ in range(count))}]", None

    def _object(self, expected: GraphQLInputObjectType, depth: int, only_literals: bool) -> Leaf:
        names = list(expected.fields)
        if expected.is_one_of:
            chosen = [self._pick(names)]
        else:
            chosen = [
                name
                for name in names
                if is_required_input_field(expected.fields[name]) or (depth > 0 and self._chance(4))
            ]
        literals, values = [], {}
        for name in chosen:
            inner: Any = expected.fields[name]
            wanted = GraphQLNonNull(inner.type) if expected.is_one_of else inner.type
            if only_literals:
                literal, values[name] = self._value(wanted, name, depth - 1, only_literals=True)
            else:
                default = _has_default(inner) and not expected.is_one_of
                only_given = expected.is_one_of
                literal = self._input(wanted, name, depth - 1, has_default=default, only_given=only_given)
            literals.append(f"{name}: {literal}")
        return "{" + ", ".join(literals) + "}", values


def _has_default(argument: Any) -> bool:
    """Whether the argument or input field has a default that is not null."""
    default = getattr(argument, "default_value", Undefined)
    chosen = getattr(argument, "default", None)
    return default not in (Undefined, None) or chosen is not None


def _possible_types(schema: GraphQLSchema, graphql_type: Any) -> frozenset[str]:
    names: dict[str, frozenset[str]] = schema.__dict__.setdefault("_possible_type_names", {})
    if graphql_type.name not in names:
        types = schema.get_possible_types(graphql_type) if is_abstract_type(graphql_type) else [graphql_type]
        names[graphql_type.name] = frozenset(each.name for each in types)
    return names[graphql_type.name]
