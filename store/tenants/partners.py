"""The document of a partner: profile, setup, services, and the settings that statuses depend on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.customers.statuses import Thresholds
from domain.customers.tag_rules import TagRule
from domain.partner.settings import DEFAULT_SETTINGS
from store.database.client import Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.stored_fields import StoredDocument, derived, stored, stored_or_none

COLLECTION = "partners"
PARTNER_INDEXES = (
    IndexModel([("partner_id", 1)], name="partner", unique=True),
    IndexModel([("reevaluating", 1)], name="reevaluating", partialFilterExpression={"reevaluating": True}),
)
# Older epochs are dropped: their customers are evaluated by the current thresholds.
MAX_EPOCHS = 100


class SettingsEpoch(NamedTuple):
    """The thresholds in force since `at`; epochs count from 1."""

    epoch: int
    at: datetime
    thresholds: Thresholds


class PartnerDocument(StoredDocument):
    """A partner organization as it is stored; `terms_version` is that of the terms that it accepted last."""

    _history: Sequence[SettingsEpoch] | None = None
    _tag_rules: Sequence[TagRule] | None = None

    id = stored(str, "_id")
    partner_id = stored(str)
    version = stored(int)
    name = stored(str)
    country = stored_or_none(str)
    contact_email = stored_or_none(str)
    created_at = stored(datetime)
    terms_version = stored_or_none(str)
    terms_accepted_at = stored_or_none(datetime)
    terms_accepted_by = stored_or_none(str)

    @derived("plan")
    def plan(self) -> Sequence[Mapping[str, Any]]:
        """The ordered licences: product and number."""
        plan: Sequence[Mapping[str, Any]] = self.document["plan"]
        return plan

    @derived("services")
    def services(self) -> Sequence[Mapping[str, Any]]:
        """The products that were enabled or disabled."""
        services: Sequence[Mapping[str, Any]] = self.document["services"]
        return services

    @derived("settings")
    def settings(self) -> Mapping[str, int]:
        """The version of the settings, and the thresholds."""
        settings: Mapping[str, int] = self.document["settings"]
        return settings

    @derived("steps")
    def steps(self) -> Mapping[str, datetime]:
        """The moments at which steps of the setup were completed, by step."""
        steps: Mapping[str, datetime] = self.document["steps"]
        return steps

    @derived("settings_history")
    def history(self) -> Sequence[SettingsEpoch]:
        """The thresholds over time, oldest first."""
        # A change of many customers asks for each of them.
        if self._history is None:
            self._history = list(map(_settings_epoch, self.document["settings_history"]))
        return self._history

    @derived("tag_rules")
    def tag_rules(self) -> Sequence[TagRule]:
        """The rules of tags; a new or changed rule begins a new epoch of the settings."""
        if self._tag_rules is None:
            self._tag_rules = list(map(TagRule.read, self.document.get("tag_rules", ())))
        return self._tag_rules

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


def _settings_epoch(step: Mapping[str, Any]) -> SettingsEpoch:
    thresholds = Thresholds(step["expiring_soon_days"], step["no_recent_activity_days"])
    return SettingsEpoch(step["epoch"], step["at"], thresholds)


class Partners:
    """Reads and creates the partner of a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def get(self, *, session: Session = None) -> PartnerDocument | None:
        """Return the partner of the scope; None where it does not exist."""
        document = await self._collection.find_one(self._scope.match(), session=session)
        return None if document is None else PartnerDocument(document)

    async def create(self, name: str, plan: Sequence[Mapping[str, Any]], *, session: Session = None) -> str:
        """Create the partner with default settings; return its id."""
        document = new_partner(self._scope, name, plan)
        await self._collection.insert_many([document], session=session)
        return str(document["_id"])


def new_partner(scope: Scope, name: str, plan: Sequence[Mapping[str, Any]]) -> Document:
    """Return the document of a partner with default settings."""
    first = {"epoch": 1, "at": scope.now, **{key: DEFAULT_SETTINGS[key] for key in Thresholds.__struct_fields__}}
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
