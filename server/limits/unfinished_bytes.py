"""The memory of bodies and messages that have not arrived completely: bounded for all clients together."""

# The first bytes of each are not counted: their number is bounded by that of the connections, and small requests are
# answered however many large ones do not arrive.
FREE_BYTES = 16 * 1024
MAX_BYTES = 16 * 1024 * 1024


class UnfinishedBytes:
    """The sum over all clients."""

    def __init__(self) -> None:
        self.total = 0


class UnfinishedPart:
    """What one client has sent of a body or a message."""

    def __init__(self, bytes_: UnfinishedBytes) -> None:
        self._sum, self._counted = bytes_, 0

    def resize(self, size: int) -> bool:
        """Count the bytes that are held now, 0 at the end; return whether there is room for them."""
        counted = max(0, size - FREE_BYTES)
        self._sum.total += counted - self._counted
        self._counted = counted
        return not counted or self._sum.total <= MAX_BYTES


unfinished_bodies = UnfinishedBytes()
unfinished_messages = UnfinishedBytes()
