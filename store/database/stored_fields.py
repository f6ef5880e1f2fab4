"""Stored documents as typed objects: a class declares each field once, as a descriptor that reads it on access.

    class TagDocument(StoredDocument):
        id = stored(str, "_id")
        name = stored(str)
        color = stored(TagColor)
        description = stored_or_none(str)

Nothing is converted when a document is read, because most fields of most documents of a list are never asked for.
`schema/` finds the declarations of a class (`fields_of`): a compiled executor writes the stored value of a field
without calling the descriptor, and reads only the keys that an operation needs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any, Generic, Self, TypeVar, overload

from store.database.client import Document

Value = TypeVar("Value")
# The top-level keys of a document that are read; None for the whole document.
Projection = frozenset[str] | None


class StoredDocument:
    """A document of a collection, or an embedded one. It is never changed, and it may have only projected keys."""

    __slots__ = ("document",)

    def __init__(self, document: Document) -> None:
        self.document = document

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredDocument) and (type(other), other.document) == (type(self), self.document)

    def __hash__(self) -> int:
        return hash(self.document.get("_id"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.document!r})"


class Field(Generic[Value]):
    """The base of the descriptors: `keys` are the stored keys from which the value follows."""

    keys: tuple[str, ...] = ()

    @overload
    def __get__(self, document: None, owner: type) -> Self: ...

    @overload
    def __get__(self, document: StoredDocument, owner: type | None = None) -> Value: ...

    def __get__(self, document: StoredDocument | None, owner: type | None = None) -> Any:
        """Return the value of the document; the descriptor itself on the class."""
        raise NotImplementedError


class StoredField(Field[Value]):
    """A value that is stored under `key`, by default that of the attribute's name.

    `kind` is the type of the value, or of the items of a list; enumerations are stored by value, dates as midnight.
    """

    def __init__(self, kind: type, key: str | None, *, is_list: bool = False, is_nullable: bool = False) -> None:
        self.kind, self.is_list, self.is_nullable = kind, is_list, is_nullable
        self._set_key(key)

    def __set_name__(self, _owner: type, name: str) -> None:
        if not self.keys:
            self._set_key(name)

    def _set_key(self, key: str | None) -> None:
        self.key, self.keys = key or "", () if key is None else (key,)

    def __get__(self, document: Any, owner: type | None = None) -> Any:
        """Return the value as it is stored."""
        return self if document is None else document.document[self.key]


class _NullableField(StoredField[Value]):
    def __get__(self, document: Any, owner: type | None = None) -> Any:
        return self if document is None else document.document.get(self.key)


class _ConvertedField(StoredField[Value]):
    def __init__(self, kind: type, key: str | None, *, is_list: bool = False, is_nullable: bool = False) -> None:
        super().__init__(kind, key, is_list=is_list, is_nullable=is_nullable)
        self._convert = _members(kind).__getitem__ if issubclass(kind, Enum) else _CONVERSIONS[kind]

    def __get__(self, document: Any, owner: type | None = None) -> Any:
        if document is None:
            return self
        value = document.document.get(self.key) if self.is_nullable else document.document[self.key]
        if self.is_list:
            return [self._convert(item) for item in value]
        return None if value is None else self._convert(value)


_CONVERSIONS: Mapping[type, Callable[[Any], Any]] = {date: lambda midnight: midnight.date()}


class DerivedField(Field[Value]):
    """A value that a method computes from the stored keys that it names."""

    def __init__(self, keys: Sequence[str], compute: Callable[[Any], Value]) -> None:
        self.keys, self._compute = tuple(keys), compute
        self.__doc__ = compute.__doc__

    def __get__(self, document: Any, owner: type | None = None) -> Any:
        """Return the computed value."""
        return self if document is None else self._compute(document)


def _members(kind: type[Enum]) -> dict[Any, Any]:
    # A look-up takes a fifth of the time of a call of the enumeration.
    return {member.value: member for member in kind}


def stored(kind: type[Value], key: str | None = None) -> Field[Value]:
    """Declare a value that every document has."""
    return _field_class(kind, StoredField)(kind, key)


def stored_or_none(kind: type[Value], key: str | None = None) -> Field[Value | None]:
    """Declare a value that is null or absent in some documents."""
    return _field_class(kind, _NullableField)(kind, key, is_nullable=True)


def stored_list(kind: type[Value], key: str | None = None) -> Field[list[Value]]:
    """Declare a list of values that every document has."""
    return _field_class(kind, StoredField)(kind, key, is_list=True)


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


def _field_class(kind: type, plain: type[StoredField[Any]]) -> type[StoredField[Any]]:
    return _ConvertedField if kind in _CONVERSIONS or issubclass(kind, Enum) else plain
