"""The document of a partner: profile, setup, services, and the settings that statuses depend on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from domain.customers.statuses import Thresholds
from domain.partner.settings import DEFAULT_SETTINGS
from store.database.client import Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope

COLLECTION = "partners"
PARTNER_INDEXES = (
    IndexModel([("partner_id", 1)], name="partner", unique=True),
    IndexModel([("reevaluating", 1)], name="reevaluating", partialFilterExpression={"reevaluating": True}),
)


class SettingsEpoch(NamedTuple):
    """The thresholds in force since `at`; epochs count from 1."""

    epoch: int
    at: datetime
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class PartnerDocument:
    """A partner organization as it is stored; `terms_version` is that of the terms that it accepted last."""

    id: str
    partner_id: str
    version: int
    name: str
    country: str | None
    contact_email: str | None
    created_at: datetime
    plan: Sequence[Mapping[str, Any]]
    services: Sequence[Mapping[str, Any]]
    settings: Mapping[str, int]
    terms_version: str | None
    terms_accepted_at: datetime | None
    terms_accepted_by: str | None
    steps: Mapping[str, datetime]
    history: Sequence[SettingsEpoch]

    @property
    def epoch(self) -> int:
        """The number of the current settings."""
        return self.history[-1].epoch

    @property
    def thresholds(self) -> Thresholds:
        """The current thresholds."""
        return self.history[-1].thresholds

    def thresholds_at(self, epoch: int) -> Thresholds:
        """Return the thresholds of a settings epoch; the current ones where the history no longer has it."""
        known = [step.thresholds for step in self.history if step.epoch <= epoch]
        return known[-1] if known else self.thresholds


class Partners:
    """Reads and creates the partner of a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def get(self, *, session: Session = None) -> PartnerDocument | None:
        """Return the partner of the scope; None where it does not exist."""
        document = await self._collection.find_one(self._scope.match(), session=session)
        return None if document is None else partner_document(document)

    async def create(self, name: str, plan: Sequence[Mapping[str, Any]], *, session: Session = None) -> str:
        """Create the partner with default settings; return its id."""
        document = _new_partner(self._scope, name, plan)
        await self._collection.insert_many([document], session=session)
        return str(document["_id"])


def _new_partner(scope: Scope, name: str, plan: Sequence[Mapping[str, Any]]) -> Document:
    first = {"epoch": 1, "at": scope.now, **{key: DEFAULT_SETTINGS[key] for key in Thresholds.__dataclass_fields__}}
    return {
        "_id": new_id("par"),
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "name": name,
        "country": None,
        "contact_email": None,
        "plan": list(plan),
        "services": [],
        "settings": {"version": 1, **DEFAULT_SETTINGS},
        "terms_version": None,
        "terms_accepted_at": None,
        "terms_accepted_by": None,
        "steps": {},
        "settings_history": [first],
    }


def partner_document(stored: Document) -> PartnerDocument:
    """Return the typed form of a stored partner."""
    history = [
        SettingsEpoch(
            step["epoch"], step["at"], Thresholds(step["expiring_soon_days"], step["no_recent_activity_days"])
        )
        for step in stored["settings_history"]
    ]
    names = [name for name in PartnerDocument.__dataclass_fields__ if name not in ("id", "history")]
    return PartnerDocument(id=stored["_id"], history=history, **{name: stored[name] for name in names})
