"""The files of the manifests of trusted documents, which are found without the schema."""

from pathlib import Path

from domain.failures import OperatorError

_SETTING = "PARTNERHUB_TRUSTED_DOCUMENTS"


def list_manifests(directory: str) -> list[Path]:
    """Return the `*.json` files in their order; raise OperatorError where the directory cannot be read."""
    try:
        return sorted(path for path in Path(directory).iterdir() if path.suffix == ".json")
    except OSError as error:
        raise OperatorError(f"{_SETTING}: {directory} cannot be read: {error.strerror}.") from None
