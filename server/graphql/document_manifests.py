"""The manifests of trusted documents: files that graphql-codegen, Relay's compiler and Apollo's tools write.

- graphql-codegen's client preset and Relay: `{"id": "text", …}`
- Apollo: `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": …, "body": …}, …]}`

A directory contains the manifests of all releases of all clients that are in use.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from msgspec import Struct, field

from server.graphql.manifest_files import list_manifests
from server.graphql.operations import Operations
from server.graphql.requested_document import MAX_ID_LENGTH
from server.graphql.trusted_documents import hash_text

APOLLO_FORMAT = "apollo-persisted-query-manifest"
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_FORMS = (
    "it must be the manifest of graphql-codegen or Relay (an object of texts by their ids), or Apollo's "
    f"(an object with the format {APOLLO_FORMAT}, the version 1 and operations)"
)


class Manifests(Struct, frozen=True):
    """The usable documents by id, and a sentence for each document or file that cannot be used."""

    texts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_manifests(directory: str, operations: Operations) -> Manifests:
    """Return the documents of all `*.json` files that are valid for the schema; OperatorError for no directory."""
    manifests = Manifests()
    for path in list_manifests(directory):
        try:
            entries = list(parse_manifest(path.read_bytes()))
        except OSError as error:
            manifests.problems.append(f"{path}: it cannot be read: {error.strerror}.")
        except ValueError:
            manifests.problems.append(f"{path}: {_FORMS}.")
        else:
            for id_, text in entries:
                problem = _find_problem(id_, text, manifests.texts, operations)
                if problem is None:
                    manifests.texts[id_] = text
                else:
                    manifests.problems.append(f"{path}: document {id_[:MAX_ID_LENGTH]}: {problem}")
    return manifests


def parse_manifest(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield ids and texts of a manifest; raise ValueError where it has none of the known forms."""
    manifest = orjson.loads(content)
    if not isinstance(manifest, dict):
        raise ValueError("not an object")  # noqa: TRY004  The caller reports every wrong form alike.
    entries = _apollo_entries(manifest) if "format" in manifest else manifest.items()
    for id_, text in entries:
        if not isinstance(id_, str) or not isinstance(text, str):
            raise ValueError("not a text")  # noqa: TRY004
        yield id_, text


def _apollo_entries(manifest: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    operations = manifest.get("operations")
    if manifest["format"] != APOLLO_FORMAT or manifest.get("version") != 1 or not isinstance(operations, list):
        raise ValueError("another format")
    for operation in operations:
        if not isinstance(operation, dict):
            raise ValueError("not an operation")  # noqa: TRY004
        yield operation.get("id"), operation.get("body")


def _find_problem(id_: str, text: str, texts: Mapping[str, str], operations: Operations) -> str | None:
    """Return what is wrong with a document."""
    if not 0 < len(id_) <= MAX_ID_LENGTH:
        return f"its id must have 1 to {MAX_ID_LENGTH} characters."
    if texts.get(id_, text) != text:
        return "another document has the same id."
    hash_ = _SHA256.fullmatch(id_)
    if hash_ is not None and hash_[1] != hash_text(text):
        return "its id is a SHA-256 hash, but not that of its text."
    errors = operations.find_errors(text)
    return errors[0]["message"] if errors else None
