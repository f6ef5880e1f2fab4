"""What deletions leave to be done later, batch by batch: the order in which jobs take it up."""

from operator import itemgetter

from domain.batches import take_turns
from store.database.client import Client, Document

# Of each partner.
MAX_CLEANUPS_OF_A_RUN = 20


async def find_cleanups(client: Client, collection: str) -> list[Document]:
    """Return the unfinished cleanups of all partners, which take turns: one can delete a thousand tags at once."""
    cleanups = await client.collection(collection).find({}, sort=[("_id", 1)])
    return list(take_turns(cleanups, itemgetter("partner_id"), MAX_CLEANUPS_OF_A_RUN))
