"""Loads the trusted documents that the settings name."""

import structlog

from domain.failures import OperatorError
from schema.build import build_schema
from server.app.document_settings import check_document_settings
from server.app.settings import Settings
from server.app.web_build import built_manifests
from server.graphql.document_manifests import parse_manifest, read_manifests
from server.graphql.operations import Operations
from server.graphql.trusted_documents import TrustedDocuments

_MAX_LOGGED_PROBLEMS = 20
_log = structlog.get_logger("partnerhub.documents")


def load_trusted_documents(settings: Settings, operations: Operations) -> TrustedDocuments:
    """Return the documents of the built pages and of all manifests; log and leave out those that cannot be used."""
    check_document_settings(settings)
    built = _read_built_documents()
    if not settings.trusted_documents:
        return TrustedDocuments(built=built)
    manifests = read_manifests(settings.trusted_documents, operations)
    for problem in manifests.problems[:_MAX_LOGGED_PROBLEMS]:
        _log.warning("trusted document left out", problem=problem)
    _log.info("trusted documents", count=len(manifests.texts), left_out=len(manifests.problems))
    return TrustedDocuments(manifests.texts, built=built, is_exclusive=settings.trusted_documents_only)


def _read_built_documents() -> dict[str, str]:
    """Return the documents of this release's pages: their build has validated them, so no start does it again."""
    return {id_: text for path in built_manifests() for id_, text in parse_manifest(path.read_bytes())}


def find_document_problems(settings: Settings) -> list[str]:
    """Return a sentence for each document or manifest that this version's schema does not accept."""
    try:
        check_document_settings(settings)
    except OperatorError as error:
        return [str(error)]
    if not settings.trusted_documents:
        return []
    return read_manifests(settings.trusted_documents, Operations(build_schema())).problems
