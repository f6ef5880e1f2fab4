"""Stored documents as typed objects: a class declares each field once, as a property that reads it on access.

    class TagDocument(StoredDocument):
        id = stored(str, "_id")
        name = stored(str)
        color = stored(TagColor)
        description = stored_or_none(str)

Nothing is converted when a document is read, because most fields of most documents of a list are never asked for.
`schema/` finds the declarations of a class (`fields_of`): a compiled executor writes the stored value of a field
without reading the property, and reads only the keys that an operation needs.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from msgspec import Struct

from store.database.client import Document

Value = TypeVar("Value")
Embedded = TypeVar("Embedded", bound="StoredDocument")
# The top-level keys of a document that are read; None for the whole document.
Projection = frozenset[str] | None


class StoredDocument(Struct, eq=False):
    """A document of a collection, or an embedded one. It is never changed, and it may have only projected keys.

    Of one that is kept between operations, `kept_row` is its latest row of a response; None of any other.
    """

    document: Document
    kept_row: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredDocument) and (type(other), other.document) == (type(self), self.document)

    def __hash__(self) -> int:
        return hash(self.document.get("_id"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.document!r})"


class Field(property, Generic[Value]):
    """The base of the declarations: `keys` are the stored keys from which the value follows.

    A property is read without Python code of its own. On the class it is the declaration itself.
    """

    keys: tuple[str, ...] = ()

    if TYPE_CHECKING:

        @overload
        def __get__(self, document: None, owner: type) -> Self: ...

        @overload
        def __get__(self, document: StoredDocument, owner: type | None = None) -> Value: ...

        def __get__(self, document: StoredDocument | None, owner: type | None = None) -> Any: ...


class StoredField(Field[Value]):
    """A value that is stored under `key`, by default that of the attribute's name.

    `kind` is the type of the value, or of the items of a list; enumerations are stored by value, dates as midnight. A
    key that is nullable may be absent.
    """

    def __init__(self, kind: type, key: str | None, *, is_list: bool = False, is_nullable: bool = False) -> None:
        self.kind, self.is_list, self.is_nullable = kind, is_list, is_nullable
        self.key = ""
        if key is not None:
            self._set_key(key)

    def __set_name__(self, _owner: type, name: str) -> None:
        if not self.keys:
            self._set_key(name)

    def _set_key(self, key: str) -> None:
        self.key, self.keys = key, (key,)
        super().__init__(_reader(self))


class DerivedField(Field[Value]):
    """A value that a method computes from the stored keys that it names."""

    def __init__(self, keys: Sequence[str], compute: Callable[[Any], Value]) -> None:
        super().__init__(compute)
        self.keys = tuple(keys)


class EmbeddedField(Field[list[Embedded]]):
    """A list of documents that are embedded under `key`; `order` sorts the stored ones."""

    def __init__(
        self, document_class: type[Embedded], key: str, order: Callable[[Sequence[Document]], Sequence[Document]]
    ) -> None:
        self.document_class, self.key, self.keys, self.order = document_class, key, (key,), order
        super().__init__(lambda document: list(map(document_class, order(document.document[key]))))


def _reader(field: StoredField[Any]) -> Callable[[Any], Any]:
    """Return the function that reads a field of a document."""
    key, convert = field.key, _conversion(field.kind)
    if convert is None:
        if field.is_nullable:
            return lambda document: document.document.get(key)
        return lambda document: document.document[key]
    if field.is_list:
        return lambda document: [convert(item) for item in document.document[key]]
    if field.is_nullable:
        return lambda document: None if (value := document.document.get(key)) is None else convert(value)
    return lambda document: None if (value := document.document[key]) is None else convert(value)


def _conversion(kind: type) -> Callable[[Any], Any] | None:
    """Return the function that converts a stored value of a kind; None where it is used as it is stored."""
    if issubclass(kind, Enum):
        # A look-up takes a fifth of the time of a call of the enumeration.
        return {member.value: member for member in kind}.__getitem__
    return (lambda midnight: midnight.date()) if kind is date else None


def stored(kind: type[Value], key: str | None = None) -> Field[Value]:
    """Declare a value that every document has."""
    return StoredField(kind, key)


def stored_or_none(kind: type[Value], key: str | None = None) -> Field[Value | None]:
    """Declare a value that is null or absent in some documents."""
    return StoredField(kind, key, is_nullable=True)


def stored_list(kind: type[Value], key: str | None = None) -> Field[list[Value]]:
    """Declare a list of values that every document has."""
    return StoredField(kind, key, is_list=True)


def derived(*keys: str) -> Callable[[Callable[[Any], Value]], Field[Value]]:
    """Declare a method as a value that is computed from the stored keys."""
    return lambda compute: DerivedField(keys, compute)


def fields_of(document_class: type[StoredDocument]) -> dict[str, Field[Any]]:
    """Return the fields that a class and its bases declare, by the names of their attributes."""
    return {
        name: value
        for base in reversed(document_class.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, Field)
    }


def keys_of(fields: Iterable[Field[Any]]) -> frozenset[str]:
    """Return the stored keys from which the fields follow."""
    return frozenset(key for field in fields for key in field.keys)


def projection_document(projection: frozenset[str], *always: str) -> dict[str, int]:
    """Return MongoDB's projection of the keys, and of those that the reader itself needs."""
    return dict.fromkeys(sorted({"_id", *projection, *always}), 1)


def with_fields(projection: Projection, *fields: Field[Any]) -> Projection:
    """Return the projection with the keys of more fields."""
    return None if projection is None else projection | keys_of(fields)
