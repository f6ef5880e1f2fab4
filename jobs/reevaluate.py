"""Evaluates the customers of the partners whose settings have changed; the partners take turns."""

import asyncio

from jobs.conflicts import Conflicts
from store.changes.reevaluation import partners_to_reevaluate, reevaluate
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partners import PartnerDocument

# A partner whose settings change while others are evaluated takes part after this time.
_POLL_SECONDS = 1.0


async def reevaluate_customers(client: Client) -> int:
    """Evaluate the customers with older settings, of each partner; return how many there were.

    The partners take turns of one batch, so a small one does not wait for a large one. A conflict of one is raised
    after the others are done.
    """
    return await _Reevaluations(client).run()


class _Reevaluations:
    """The partners that are evaluated in one run."""

    def __init__(self, client: Client) -> None:
        self._client = client
        # It is given in the order in which partners ask for it, so each has a batch before one has a second.
        self._turn = asyncio.Lock()
        self._begun: set[str] = set()
        self._count = 0
        self._conflicts = Conflicts()

    async def run(self) -> int:
        async with asyncio.TaskGroup() as group:
            unfinished: set[asyncio.Task[None]] = set()
            while True:
                for partner in await partners_to_reevaluate(self._client, self._begun):
                    self._begun.add(partner.partner_id)
                    unfinished.add(group.create_task(self._evaluate(partner)))
                if not unfinished:
                    break
                _, unfinished = await asyncio.wait(
                    unfinished, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
        self._conflicts.raise_last()
        return self._count

    async def _evaluate(self, partner: PartnerDocument) -> None:
        scope = Scope(self._client, partner.partner_id, utc_now())
        with self._conflicts.keep():
            # In two statements: other partners count while this one waits.
            count = await reevaluate(scope, partner, self._turn)
            self._count += count
            # Its job has not ended where customers were found, or where the settings have changed again meanwhile.
            self._begun.remove(partner.partner_id)
