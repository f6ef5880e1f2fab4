"""Checks the settings of trusted documents, without the schema: a process that only starts workers does not need it."""

from domain.failures import OperatorError
from server.app.settings import Settings
from server.graphql.manifest_files import list_manifests


def check_document_settings(settings: Settings) -> None:
    """Raise OperatorError where no server could start with these settings."""
    if settings.trusted_documents_only and not settings.trusted_documents:
        raise OperatorError("PARTNERHUB_TRUSTED_DOCUMENTS_ONLY needs a directory in PARTNERHUB_TRUSTED_DOCUMENTS.")
    if settings.trusted_documents:
        list_manifests(settings.trusted_documents)
