"""The replica set of the embedded mongod: initiate it, create its user, change the port of its member."""

from typing import Any

from store.database.client import OperationFailure, PyMongoError, open_admin_client
from store.embedded.credentials import USER, Credentials
from store.embedded.folder import SET_NAME

_ALREADY_INITIALIZED = 23
_AUTHENTICATION_FAILED = 18
_USER_EXISTS = 51003


class EmbeddedReplicaSet:
    """The replica set, reached through its only member; `last_error` explains why it was not ready."""

    def __init__(self, address: str, credentials: Credentials) -> None:
        self.address = address
        self.last_error = "no answer"
        self._credentials = credentials
        self._client = open_admin_client(credentials.system_uri(address))
        self._user_client = open_admin_client(credentials.user_uri(address))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._user_client.close()

    def is_ready(self) -> bool:
        """Return whether the member is a writable primary with its user; initiate the set where that was not done."""
        try:
            hello = self._client.admin.command("hello")
            if hello.get("setName") is None:
                self._initiate()
            if not hello.get("isWritablePrimary"):
                return False
            # Replies to users have no time before a new primary has the keys that sign it: feeds and sessions need it.
            return "operationTime" in self._user_client.admin.command("ping")
        except OperationFailure as failure:
            self.last_error = str(failure)
            if failure.code == _AUTHENTICATION_FAILED:
                self._set_password()
            return False
        except PyMongoError as failure:
            # mongod may be starting or ending: the caller checks its process, and reports this after its deadline.
            self.last_error = str(failure)
            return False

    def _initiate(self) -> None:
        try:
            members = [{"_id": 0, "host": self.address}]
            self._client.admin.command("replSetInitiate", {"_id": SET_NAME, "members": members})
        except OperationFailure as failure:
            # Shortly after its start, a member may not have read its configuration yet.
            if failure.code != _ALREADY_INITIALIZED:
                raise

    def _set_password(self) -> None:
        """Create the user, or give it the password of the file: the data can be restored, or the file deleted."""
        user: dict[str, Any] = {"pwd": self._credentials.password, "roles": ["root"], "mechanisms": ["SCRAM-SHA-256"]}
        try:
            self._client.admin.command("createUser", USER, **user)
        except OperationFailure as failure:
            if failure.code != _USER_EXISTS:
                raise
            self._client.admin.command("updateUser", USER, **user)
        # After a refused password, the driver does not connect again for ten seconds.
        self._user_client.close()
        self._user_client = open_admin_client(self._credentials.user_uri(self.address))

    def rename_member(self) -> None:
        """Write this address into the stored configuration; mongod must run as standalone.

        A forced reconfiguration of a running set is slower: the member first tries to find itself at its old address,
        and waits 30 s where nothing listens there.
        """
        self._client["local"]["system.replset"].update_one({}, {"$set": {"members.0.host": self.address}})
