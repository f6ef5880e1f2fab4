"""Which class of documents a type of the API shows, and what the compiled executor learns from its declared fields.

A field without a resolver shows the attribute of its name. Where that is a field of the document (stored_fields.py),
the compiled executor writes the stored value itself, and reads no other keys.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter

from domain.time.instants import MAX_INSTANT, format_instant
from execution.metadata import (
    ARE_ALL_OF_TYPE,
    EXECUTION,
    KEPT_ROWS,
    FieldExecution,
    KeptRows,
    StoredValue,
    each_item,
    enum_name,
    strawberry_field,
)
from schema.node import Node
from store.database.stored_fields import Field, StoredDocument, StoredField, fields_of

Type = TypeVar("Type", bound=type)
# `changes_at(document, moment)`: the next moment at which time alone changes a field that is `timed`.
ChangesAt = Callable[[Any, datetime], datetime]
_DOCUMENT_CLASS, _IS_TYPE_OF, _ARE_ALL, _KEPT_ROWS = "_document_class", "is_type_of", "_are_all", "_kept_rows"


def shows(
    document_class: type, condition: Callable[[Any], bool] | None = None, changes_at: ChangesAt | None = None
) -> Callable[[Type], Type]:
    """Declare the class of which a type shows the documents; of all, or of those that meet the condition.

    With `changes_at`, documents that are kept between operations keep the row that was built of them last.
    """

    def is_type_of(_cls: type, value: Any, _info: Any) -> bool:
        return isinstance(value, document_class) and (condition is None or condition(value))

    def declare(graphql_class: Type) -> Type:
        setattr(graphql_class, _DOCUMENT_CLASS, document_class)
        if changes_at is not None:
            setattr(graphql_class, _KEPT_ROWS, KeptRows("kept_row", _moment, changes_at))
        if issubclass(graphql_class, Node):
            setattr(graphql_class, _IS_TYPE_OF, classmethod(is_type_of))
            setattr(graphql_class, _ARE_ALL, staticmethod(partial(_are_all, document_class, condition)))
        return graphql_class

    return declare


def never(_document: Any, _moment: datetime) -> datetime:
    """Return that time alone changes no field."""
    return MAX_INSTANT


def _moment(context: Any) -> datetime:
    now: datetime = context.scope.now
    return now


def _are_all(document_class: type, condition: Callable[[Any], bool] | None, objects: Sequence[Any]) -> bool:
    """Return whether a type that shows the documents of the class is that of every object."""
    return set(map(type, objects)) <= {document_class} and (condition is None or all(map(condition, objects)))


def shown_documents(graphql_type: GraphQLObjectType) -> type[StoredDocument] | None:
    """Return the class of the stored documents that a type shows; None for any other type."""
    definition = graphql_type.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    document_class = getattr(definition.origin, _DOCUMENT_CLASS, None) if definition is not None else None
    return document_class if document_class is not None and issubclass(document_class, StoredDocument) else None


def declare_stored_values(schema: GraphQLSchema) -> None:
    """Declare to the compiled executor where the fields without resolvers find their values."""
    for graphql_type in schema.type_map.values():
        if isinstance(graphql_type, GraphQLObjectType) and (document_class := shown_documents(graphql_type)):
            fields = fields_of(document_class)
            origin = graphql_type.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
            if graphql_type.is_type_of is not None:
                graphql_type.extensions[ARE_ALL_OF_TYPE] = getattr(origin, _ARE_ALL)
            if hasattr(origin, _KEPT_ROWS):
                graphql_type.extensions[KEPT_ROWS] = getattr(origin, _KEPT_ROWS)
            for field in graphql_type.fields.values():
                definition = strawberry_field(field)
                if definition is not None and definition.base_resolver is None and definition.python_name in fields:
                    _declare(field, fields[definition.python_name])


def _declare(graphql_field: GraphQLField, field: Field[Any]) -> None:
    declared = FieldExecution(reads=frozenset(field.keys))
    if isinstance(field, StoredField):
        declared = FieldExecution(stored=StoredValue(field.key, _form(field), optional=field.is_nullable))
    graphql_field.extensions[EXECUTION] = declared


def _form(field: StoredField[Any]) -> Callable[[Any], Any] | None:
    form = _form_of(field.kind)
    return form if form is None or not field.is_list else each_item(form)


def _form_of(kind: type) -> Callable[[Any], Any] | None:
    if issubclass(kind, datetime):
        return format_instant
    if issubclass(kind, date):
        return _format_midnight
    # An enum value is stored as its name.
    if issubclass(kind, Enum) and any(member.value != member.name for member in kind):
        return enum_name(kind)
    return None


def _format_midnight(midnight: datetime) -> str:
    return midnight.date().isoformat()
