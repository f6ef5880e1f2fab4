"""The embedded replica set of one member: made once, moved to another port, and asked whether it takes writes."""

from store.database.client import OperationFailure, PyMongoError, open_admin_client
from store.embedded.folder import SET_NAME

_ALREADY_INITIALIZED = 23


class EmbeddedReplicaSet:
    """The set as seen through its only member."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.last_error = "no answer"
        self._client = open_admin_client(f"mongodb://{address}/?directConnection=true")

    def close(self) -> None:
        self._client.close()

    def is_writable_primary(self) -> bool:
        """Whether it is primary; a set that is not there yet is made on the way."""
        try:
            hello = self._client.admin.command("hello")
            if hello.get("setName") is None:
                self._initiate()
            return bool(hello.get("isWritablePrimary"))
        except PyMongoError as failure:
            # It may be starting or ending; who asks looks at the process, and says this where nothing helps.
            self.last_error = str(failure)
            return False

    def _initiate(self) -> None:
        try:
            members = [{"_id": 0, "host": self.address}]
            self._client.admin.command("replSetInitiate", {"_id": SET_NAME, "members": members})
        except OperationFailure as failure:
            # For a moment after its start a member has not read yet that it belongs to the set.
            if failure.code != _ALREADY_INITIALIZED:
                raise

    def rename_member(self) -> None:
        """Write this address into the stored configuration, of a mongod that was started without its set.

        A forced reconfiguration does the same in a running set, but a member first asks whoever listens at its old
        address whether that is itself, and waits for half a minute where nothing answers.
        """
        self._client["local"]["system.replset"].update_one({}, {"$set": {"members.0.host": self.address}})
