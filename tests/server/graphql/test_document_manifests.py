"""Manifests of trusted documents: the known formats, and what is reported and left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.failures import OperatorError
from schema.build import build_schema
from server.app.document_settings import check_document_settings
from server.app.documents import find_document_problems, load_trusted_documents
from server.app.settings import Settings
from server.app.web_build import built_manifests
from server.graphql.document_manifests import Manifests, read_manifests
from server.graphql.operations import OperationRejected, Operations
from server.graphql.requested_document import RequestedDocument
from server.graphql.trusted_documents import hash_text

OPERATIONS = Operations(build_schema())
ONE, TWO = "query One { feedCursor }", "query Two { viewer { permissions } }"


def apollo(*operations: object, **changes: Any) -> dict[str, Any]:
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations), **changes}


def read(folder: Path, **files: object) -> Manifests:
    for name, content in files.items():
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / f"{name}.json").write_bytes(text)
    return read_manifests(str(folder), OPERATIONS)


def test_reads_the_manifests_of_all_tools(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Not a manifest.")
    manifests = read(
        tmp_path,
        codegen={f"sha256:{hash_text(ONE)}": ONE},
        relay={"0123456789abcdef0123456789abcdef": TWO},
        apollo=apollo({"id": hash_text(TWO), "name": "Two", "type": "query", "body": TWO}),
        empty={},
    )
    assert manifests.problems == []
    assert set(manifests.texts.values()) == {ONE, TWO}
    assert len(manifests.texts) == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        {"id": 5},
        {"format": "other", "operations": []},
        apollo(version=2),
        apollo(operations=None),
        apollo("x"),
        apollo({"id": "x"}),
    ],
)
def test_reports_a_file_of_another_form(tmp_path: Path, content: object) -> None:
    manifests = read(tmp_path, wrong=content, right={"one": ONE})
    assert manifests.texts == {"one": ONE}
    assert len(manifests.problems) == 1
    assert manifests.problems[0].startswith(f"{tmp_path / 'wrong.json'}: it must be the manifest of graphql-codegen")


@pytest.mark.parametrize(
    ("id_", "text", "reason"),
    [
        ("syntax", "{", "Syntax Error"),
        ("field", "{ nothing }", "Cannot query field 'nothing'"),
        ("long", "{ feedCursor }" + " " * 40_000, "more than 40,000 characters"),
        (
            "cost",
            "{ customers(first: 200) { nodes { tags { customers(first: 200) { totalCount } } } } }",
            "are allowed",
        ),
        ("deep", "{ feedCursor " * 2000 + "}" * 2000, "tokens|nested too deeply"),
        ("", ONE, "1 to 200 characters"),
        ("x" * 201, ONE, "1 to 200 characters"),
        (f"sha256:{hash_text(TWO)}", ONE, "not that of its text"),
        (hash_text(TWO), ONE, "not that of its text"),
        ("right", TWO, "same id"),
    ],
)
def test_reports_and_leaves_out_an_unusable_document(tmp_path: Path, id_: str, text: str, reason: str) -> None:
    manifests = read(tmp_path, a={"right": ONE}, b={id_: text})
    assert manifests.texts == {"right": ONE}
    assert len(manifests.problems) == 1
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(manifests.problems[0])


def test_a_server_starts_without_the_documents_that_its_schema_does_not_accept(tmp_path: Path) -> None:
    read(tmp_path, client={"one": ONE, "old": "{ removedField }"})
    settings = Settings(trusted_documents=str(tmp_path), trusted_documents_only=True)
    documents = load_trusted_documents(settings, OPERATIONS)
    assert documents.find_text(RequestedDocument(None, "one")) == ONE
    problems = find_document_problems(settings)
    assert len(problems) == 1 and "document old: Cannot query field 'removedField'" in problems[0]
    assert find_document_problems(Settings()) == []


def test_the_documents_of_the_built_pages_are_valid_and_known_without_a_setting() -> None:
    manifests = built_manifests()
    if not manifests:
        pytest.skip("The pages are not built: run make setup.")
    documents = load_trusted_documents(Settings(), OPERATIONS)
    for manifest in manifests:
        built = read_manifests(str(manifest.parent), OPERATIONS)
        assert built.texts and built.problems == []
        for id_, text in built.texts.items():
            assert documents.find_text(RequestedDocument(None, id_)) == text
    with pytest.raises(OperationRejected) as rejected:
        documents.find_text(RequestedDocument(None, "unknown"))
    # Other clients must not send ids that this server cannot know.
    assert rejected.value.errors[0]["message"] == "PersistedQueryNotSupported"


def test_a_wrong_directory_names_the_setting(tmp_path: Path) -> None:
    missing = Settings(trusted_documents=str(tmp_path / "none"))
    with pytest.raises(OperatorError, match=r"^PARTNERHUB_TRUSTED_DOCUMENTS: .*cannot be read: No such file"):
        check_document_settings(missing)
    with pytest.raises(OperatorError, match=r"^PARTNERHUB_TRUSTED_DOCUMENTS_ONLY needs a directory"):
        check_document_settings(Settings(trusted_documents_only=True))
    assert len(find_document_problems(missing)) == 1
