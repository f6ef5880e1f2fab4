"""The administrators whose tokens were accepted lately, so that a request need not read its administrator again.

Every change of what an administrator may do is an event. An administrator is kept until the feed delivers one of the
partner's administrators, and is used only while the feed is fresh (its last batch is younger than one second) and has
reached the latest change that this process made, or that the caller names. So this process refuses an administrator
from the moment at which it has acknowledged the removal; another process does when its feed delivers it, a millisecond
later.
"""

from collections.abc import Callable

from domain.types import ActivityKind
from server.auth.claims import Claims
from store.database.client import Client
from store.feed.events import ACCESS_EVENT_KINDS, FeedEvent
from store.feed.observed_feed import ObservedFeed
from store.tenants.administrators import AdministratorDocument

_KINDS = ACCESS_EVENT_KINDS | {ActivityKind.ADMINISTRATOR_INVITED}
# An entry has about 2 kB.
MAX_KEPT = 4096
# By what a token names: an id, or an e-mail address.
Key = tuple[str | None, str | None]


class KeptAdministrators:
    """Active administrators by partner and by what their token names. Without a feed, none is kept."""

    def __init__(self, client: Client, feed: ObservedFeed | None = None) -> None:
        self._client, self._feed = client, feed
        self._partners: dict[str, dict[Key, AdministratorDocument]] = {}
        self._count = 0
        if feed is not None:
            feed.listeners.append(self._on_event)
            feed.gap_listeners.append(self._clear)

    def find(self, claims: Claims, after_operation_time: int = 0) -> AdministratorDocument | None:
        """Return the administrator of a token, as it is after this time; None where it must be read."""
        feed = self._feed
        if feed is None or not feed.is_fresh:
            return None
        if feed.position.time < max(self._client.last_commit, after_operation_time):
            return None
        partner = self._partners.get(claims.partner_id)
        return None if partner is None else partner.get((claims.administrator_id, claims.email))

    def begin(self, claims: Claims) -> Callable[[AdministratorDocument], None]:
        """Return the function that keeps what is read from now on; it does nothing if an event arrives in between."""
        if len(self._partners) >= MAX_KEPT:
            self._clear()
        partner, key = self._partners.setdefault(claims.partner_id, {}), (claims.administrator_id, claims.email)

        def keep(administrator: AdministratorDocument) -> None:
            if self._feed is None or self._partners.get(claims.partner_id) is not partner:
                return
            if self._count >= MAX_KEPT:
                self._clear()
                return
            self._count += key not in partner
            partner[key] = administrator

        return keep

    def forget(self, partner_id: str) -> None:
        """Read the partner's administrators again."""
        self._count -= len(self._partners.pop(partner_id, ()))

    def _on_event(self, event: FeedEvent) -> None:
        if event.document["kind"] in _KINDS:
            self.forget(event.partner_id)

    def _clear(self) -> None:
        self._partners.clear()
        self._count = 0
