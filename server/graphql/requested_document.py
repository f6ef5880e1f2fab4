"""How a request names its document: by its text, by an id, or by a hash."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

MAX_ID_LENGTH = 200
QUERY_MISSING = "The request has no query: a string with an operation."


class InvalidDocument(ValueError):
    """A request that does not name its document in a known form; the message says what is wrong."""


class RequestedDocument(Struct, frozen=True):
    """The document of a request: its text, or its id, or its SHA-256 hash; Apollo also sends text and hash."""

    text: str | None
    id: str | None = None
    sha256: str | None = None


def read_requested_document(parameters: Mapping[str, Any]) -> RequestedDocument:
    """Return the document that the parameters of a request name; raise InvalidDocument where they name none."""
    text, extensions, id_ = parameters.get("query"), parameters.get("extensions"), parameters.get("documentId")
    hash_ = None if extensions is None else _read_hash(extensions)
    _check_id(id_, "documentId")
    if text is not None and not isinstance(text, str):
        raise InvalidDocument("query must be a string.")
    if text and id_:
        raise InvalidDocument("Send a query or a documentId, not both.")
    if id_ is None and hash_ is None:
        if text is None:
            raise InvalidDocument(QUERY_MISSING)
        return RequestedDocument(text)
    return RequestedDocument(text or None, id_, hash_)


def _read_hash(extensions: Any) -> str | None:
    """Return the hash of Apollo's extension."""
    if not isinstance(extensions, dict):
        raise InvalidDocument("extensions must be an object.")
    extension = extensions.get("persistedQuery")
    if extension is None:
        return None
    if not isinstance(extension, dict) or extension.get("version") != 1 or "sha256Hash" not in extension:
        raise InvalidDocument("extensions.persistedQuery must have the version 1 and a sha256Hash.")
    return _check_id(extension["sha256Hash"], "extensions.persistedQuery.sha256Hash")


def _check_id(id_: Any, name: str) -> str | None:
    if id_ is not None and (not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID_LENGTH):
        raise InvalidDocument(f"{name} must be a string of 1 to {MAX_ID_LENGTH} characters.")
    return id_
