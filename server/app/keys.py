"""Where the installation's keys come from: a setting, a file that a setting names, or a file of the data directory."""

import os
from pathlib import Path

from msgspec import structs

from domain.failures import OperatorError
from server.app.settings import Settings
from server.auth.keys import InstallationKeys, generate_key, parse_keys
from store.embedded.credentials import create_private_file

KEY_FILE = "signing-key.pem"
_CREATE = "Create one with `openssl genpkey -algorithm ed25519 -out FILE`, and give the same to every process."
_MODE_ADVICE = (
    "PARTNERHUB_SIGNING_KEY_FILE: {path} has the mode {mode:04o}, so other users of this machine may read the key and "
    "act as any administrator. Give the file to the user of the server, and run `chmod 600 {path}`."
)
# Where orchestrators mount secrets: with other modes, but visible to this service only.
_SECRETS_DIRECTORY = "/run/secrets"


def load_keys(settings: Settings, data: Path | None = None) -> InstallationKeys:
    """Return the keys; raise OperatorError, which names the setting and never contains a key."""
    chosen = with_key_file(settings, data)
    if chosen.signing_key.reveal():
        return _parse(chosen.signing_key.reveal(), "PARTNERHUB_SIGNING_KEY")
    try:
        text = Path(chosen.signing_key_file).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        message = f"PARTNERHUB_SIGNING_KEY_FILE: {chosen.signing_key_file} cannot be read: {error.strerror}."
        raise OperatorError(message) from None
    return _parse(text, f"PARTNERHUB_SIGNING_KEY_FILE: {chosen.signing_key_file}")


def with_key_file(settings: Settings, data: Path | None = None) -> Settings:
    """Return settings that name a key; create one in the data directory where its MongoDB is used and none is set."""
    if settings.signing_key.reveal() and settings.signing_key_file:
        raise OperatorError("Set PARTNERHUB_SIGNING_KEY or PARTNERHUB_SIGNING_KEY_FILE, not both.")
    if settings.signing_key.reveal() or settings.signing_key_file:
        return settings
    if settings.mongodb_uri:
        raise OperatorError(
            "MONGODB_URI is set, so PARTNERHUB_SIGNING_KEY_FILE must name a file with the private key of this "
            f"installation, or PARTNERHUB_SIGNING_KEY must contain it. {_CREATE}"
        )
    path = (data or settings.data).resolve() / KEY_FILE
    try:
        create_private_file(path, generate_key())
    except OSError as error:
        raise OperatorError(f"The file {path} cannot be written: {error.strerror}.") from None
    return structs.replace(settings, signing_key_file=str(path))


def key_file_advice(settings: Settings) -> list[str]:
    """Return what to do where the group or everybody may read or change the key file that is set.

    It is no failure: an orchestrator may mount secrets elsewhere with such modes on purpose.
    """
    path = Path(settings.signing_key_file).absolute()
    private = (_SECRETS_DIRECTORY, os.environ.get("CREDENTIALS_DIRECTORY") or _SECRETS_DIRECTORY)
    if not settings.signing_key_file or any(path.is_relative_to(directory) for directory in private):
        return []
    try:
        mode = path.stat().st_mode & 0o777
    except OSError:
        # Who reads the key reports it.
        return []
    return [_MODE_ADVICE.format(path=path, mode=mode)] if mode & 0o077 else []


def _parse(text: str, source: str) -> InstallationKeys:
    try:
        return parse_keys(text)
    except ValueError as error:
        raise OperatorError(f"{source} {error}. {_CREATE}") from None
