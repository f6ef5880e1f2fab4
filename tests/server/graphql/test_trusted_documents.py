"""Which document a request means, and the errors that make clients of Apollo send the whole text."""

from typing import Any

import pytest

from server.graphql.operations import OperationRejected
from server.graphql.requested_document import InvalidDocument, RequestedDocument, read_requested_document
from server.graphql.trusted_documents import TrustedDocuments, hash_text

TEXT, OTHER = "{ feedCursor }", "{ viewer { permissions } }"
HASH = hash_text(TEXT)
NONE = TrustedDocuments()
SOME = TrustedDocuments({"abc": TEXT})
EXCLUSIVE = TrustedDocuments({"abc": TEXT}, is_exclusive=True)


def apollo(hash_: Any, **others: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_}}, **others}


@pytest.mark.parametrize(
    ("parameters", "requested"),
    [
        ({"query": TEXT}, RequestedDocument(TEXT)),
        ({"query": "", "extensions": {}}, RequestedDocument("")),
        ({"query": TEXT, "documentId": None, "extensions": {"persistedQuery": None}}, RequestedDocument(TEXT)),
        ({"documentId": "abc"}, RequestedDocument(None, "abc")),
        ({"query": "", "documentId": "abc"}, RequestedDocument(None, "abc")),
        (apollo(HASH), RequestedDocument(None, None, HASH)),
        (apollo(HASH, query=TEXT), RequestedDocument(TEXT, None, HASH)),
    ],
)
def test_reads_the_document_of_a_request(parameters: dict[str, Any], requested: RequestedDocument) -> None:
    assert read_requested_document(parameters) == requested


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({}, "has no query"),
        ({"extensions": {"other": 1}}, "has no query"),
        ({"query": 5, "documentId": "abc"}, "query must be a string"),
        ({"query": TEXT, "documentId": "abc"}, "not both"),
        ({"documentId": ""}, "documentId must be"),
        ({"documentId": 5}, "documentId must be"),
        ({"documentId": "x" * 201}, "documentId must be"),
        ({"query": TEXT, "extensions": []}, "extensions must be an object"),
        ({"extensions": {"persistedQuery": "x"}}, "must have the version 1"),
        ({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "x"}}}, "must have the version 1"),
        ({"extensions": {"persistedQuery": {"version": 1}}}, "must have the version 1"),
        (apollo(["x"]), "sha256Hash must be"),
    ],
)
def test_rejects_another_form(parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidDocument, match=reason):
        read_requested_document(parameters)


def find(documents: TrustedDocuments, requested: RequestedDocument) -> str:
    """Return the text, or the code and the message of the error."""
    try:
        return documents.find_text(requested)
    except OperationRejected as rejected:
        return f"{rejected.errors[0]['extensions']['code']} {rejected}"


@pytest.mark.parametrize("documents", [SOME, EXCLUSIVE])
@pytest.mark.parametrize("name", ["abc", HASH, f"sha256:{HASH}"])
def test_finds_a_document_by_its_id_and_by_its_hash(documents: TrustedDocuments, name: str) -> None:
    assert find(documents, RequestedDocument(None, name)) == TEXT
    assert find(documents, RequestedDocument(None, None, name)) == TEXT
    assert find(documents, RequestedDocument(TEXT, None, name)) == TEXT


@pytest.mark.parametrize("requested", [RequestedDocument(None, "x"), RequestedDocument(None, None, hash_text(OTHER))])
def test_an_unknown_document_has_the_error_that_apollo_knows(requested: RequestedDocument) -> None:
    not_found = "PERSISTED_QUERY_NOT_FOUND PersistedQueryNotFound"
    assert find(NONE, requested) == "PERSISTED_QUERY_NOT_SUPPORTED PersistedQueryNotSupported"
    assert (find(SOME, requested), find(EXCLUSIVE, requested)) == (not_found, not_found)


def test_the_hash_of_a_text_that_is_sent_must_be_right() -> None:
    for documents in (NONE, SOME, EXCLUSIVE):
        rejected = find(documents, RequestedDocument(OTHER, None, HASH))
        assert rejected.startswith("BAD_USER_INPUT extensions.persistedQuery.sha256Hash is not the hash")
    assert find(NONE, RequestedDocument(OTHER, None, hash_text(OTHER))) == OTHER


def test_only_trusted_documents_are_executed_where_the_setting_says_so() -> None:
    for sha256 in (None, hash_text(OTHER)):
        requested = RequestedDocument(OTHER, None, sha256)
        assert (find(NONE, requested), find(SOME, requested)) == (OTHER, OTHER)
        assert find(EXCLUSIVE, requested).startswith("DOCUMENT_NOT_TRUSTED This server executes only its trusted")
    assert find(EXCLUSIVE, RequestedDocument(TEXT)) == TEXT
    assert find(EXCLUSIVE, RequestedDocument("\ud800")).startswith("DOCUMENT_NOT_TRUSTED")
