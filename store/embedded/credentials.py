"""The credentials of the embedded MongoDB: files that only their owner can read, created at the first start.

The key file is the secret with which members of a replica set trust each other. Its holder can log in as the internal
user `__system`: so the supervisor initiates the set and creates the user of the commands. Nobody else can, because the
localhost exception, by which the first connection may create a user, is switched off.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from domain.failures import OperatorError
from store.embedded.folder import EmbeddedFolder

USER = "partnerhub"


@dataclass(frozen=True)
class Credentials:
    """The content of both files; it is not part of the text of the object."""

    key: str = field(repr=False)
    password: str = field(repr=False)

    def user_uri(self, address: str) -> str:
        """Return the URI of the commands' user."""
        return f"mongodb://{USER}:{self.password}@{address}/?directConnection=true&authSource=admin"

    def system_uri(self, address: str) -> str:
        """Return the URI of the internal user, for the supervisor."""
        return f"mongodb://__system:{self.key}@{address}/?directConnection=true&authSource=local"


def create_credentials(folder: EmbeddedFolder) -> Credentials:
    """Return the credentials; create the files that are missing, also for data of a version without passwords."""
    create_private_file(folder.key_file, secrets.token_hex(64))
    create_private_file(folder.password_file, secrets.token_urlsafe(32))
    return read_credentials(folder)


def read_credentials(folder: EmbeddedFolder) -> Credentials:
    """Return the credentials of a running mongod; raise OperatorError where it was started without them."""
    try:
        return Credentials(folder.key_file.read_text().strip(), folder.password_file.read_text().strip())
    except FileNotFoundError:
        raise OperatorError(
            f"The MongoDB in {folder.root} was started without a password, by an older partnerhub: "
            "stop the other processes that use it, then start again."
        ) from None


def create_private_file(path: Path, content: str) -> None:
    """Create a file with mode 0600, complete or not at all; leave an existing file as it is, but for its mode.

    Several processes can call this at once: all find the content of the first.
    """
    if not path.exists():
        # mkstemp creates files with mode 0600.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    # A copied file can be readable by other users.
    path.chmod(0o600)
