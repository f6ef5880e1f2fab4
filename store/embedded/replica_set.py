"""The replica set of the embedded mongod: initiate it, change the port of its member, ask whether it accepts writes."""

from store.database.client import OperationFailure, PyMongoError, open_admin_client
from store.embedded.folder import SET_NAME

_ALREADY_INITIALIZED = 23


class EmbeddedReplicaSet:
    """The replica set, reached through its only member; `last_error` explains why it was not writable."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.last_error = "no answer"
        self._client = open_admin_client(f"mongodb://{address}/?directConnection=true")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def is_writable_primary(self) -> bool:
        """Return whether the member is a writable primary; initiate the set where that has not been done."""
        try:
            hello = self._client.admin.command("hello")
            if hello.get("setName") is None:
                self._initiate()
            return bool(hello.get("isWritablePrimary"))
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

    def rename_member(self) -> None:
        """Write this address into the stored configuration; mongod must run as standalone.

        A forced reconfiguration of a running set is slower: the member first tries to find itself at its old address,
        and waits 30 s where nothing listens there.
        """
        self._client["local"]["system.replset"].update_one({}, {"$set": {"members.0.host": self.address}})
