"""What deletions leave to be done later, batch by batch: the order in which jobs take it up."""

from operator import itemgetter

from domain.batches import take_turns
from store.database.client import Client, Document

# Of each partner.
MAX_CLEANUPS_OF_A_RUN = 20


async def find_cleanups(client: Client, collection: str) -> list[Document]:
    """Return the oldest unfinished cleanups of each partner, in turns of the partners.

    One partner can delete a thousand tags at once: MongoDB keeps no more of them than one run takes up.
    """
    oldest: Document = {"$firstN": {"input": "$$ROOT", "n": MAX_CLEANUPS_OF_A_RUN}}
    group: Document = {"$group": {"_id": "$partner_id", "cleanups": oldest}}
    # Partners come in the order of their oldest cleanup.
    pipeline: list[Document] = [{"$sort": {"_id": 1}}, group, {"$sort": {"cleanups._id": 1}}]
    partners = await client.collection(collection).aggregate(pipeline)
    cleanups = (cleanup for partner in partners for cleanup in partner["cleanups"])
    return list(take_turns(cleanups, itemgetter("partner_id")))
