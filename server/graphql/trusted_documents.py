"""Trusted documents: operations whose text the server knows, so that clients send an id or a hash instead of it.

A request names its document by `documentId` (GraphQL over HTTP, appendix A) or by the hash of Apollo's extension
`persistedQuery`. Clients of Apollo recognise two errors by their messages and codes. After PersistedQueryNotFound they
send this operation again with its text; after PersistedQueryNotSupported they do so for every operation. Texts that
clients send are never stored: this server has no automatic registration.
"""

import re
from collections.abc import Mapping
from hashlib import sha256

from server.graphql.errors import BAD_USER_INPUT, coded_error
from server.graphql.operations import OperationRejected
from server.graphql.requested_document import RequestedDocument

NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
_OPERATION = re.compile(r"\b(?:query|mutation|subscription)\s+(\w+)", re.ASCII)


def hash_text(text: str) -> str:
    """Return the SHA-256 hash of a document's text, as clients compute it."""
    # JSON can contain lone surrogates, which have no UTF-8; such a text is no valid document anyway.
    return sha256(text.encode(errors="replace")).hexdigest()


class TrustedDocuments:
    """The documents of the installation by id and by hash; with `is_exclusive` no other document is executed.

    `built` are those of the server's own pages. Without `texts` an unknown id is "not supported": other clients then
    stop to send ids that this server cannot know.
    """

    def __init__(
        self,
        texts: Mapping[str, str] | None = None,
        *,
        built: Mapping[str, str] | None = None,
        is_exclusive: bool = False,
    ) -> None:
        self._is_supported, self._is_exclusive = texts is not None, is_exclusive
        self._texts: dict[str, str] = {}
        for id_, text in {**(built or {}), **(texts or {})}.items():
            hash_ = hash_text(text)
            self._texts |= {id_: text, hash_: text, f"sha256:{hash_}": text}

    @property
    def operation_names(self) -> frozenset[str]:
        """The names of their operations; a name in a comment or a string may be among them."""
        return frozenset(name for text in self._texts.values() for name in _OPERATION.findall(text))

    def find_text(self, requested: RequestedDocument) -> str:
        """Return the text of the requested document; raise OperationRejected where it is unknown or not trusted."""
        if requested.text is None:
            return self._find_by_id(requested.id or requested.sha256 or "")
        if requested.sha256 is not None and not self._is_named(requested.text, requested.sha256):
            raise _rejected(BAD_USER_INPUT, "extensions.persistedQuery.sha256Hash is not the hash of the query.")
        if self._is_exclusive and hash_text(requested.text) not in self._texts:
            raise _rejected(
                NOT_TRUSTED,
                "This server executes only its trusted documents, and this document is none of them: "
                "the manifest of this client's release must be added on the server.",
            )
        return requested.text

    def _find_by_id(self, id_: str) -> str:
        text = self._texts.get(id_)
        if text is None and self._is_supported:
            raise _rejected(NOT_FOUND, "PersistedQueryNotFound")
        if text is None:
            raise _rejected(NOT_SUPPORTED, "PersistedQueryNotSupported")
        return text

    def _is_named(self, text: str, name: str) -> bool:
        """Return whether the name is the text's hash or, as manifests can have other ids, its id."""
        return name.removeprefix("sha256:") == hash_text(text) or self._texts.get(name) == text


def _rejected(code: str, message: str) -> OperationRejected:
    return OperationRejected([coded_error(code, message)])
