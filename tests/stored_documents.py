"""Stored documents of a partner, for tests that need no database."""

from datetime import datetime
from typing import Any

from domain.customers.statuses import Thresholds
from domain.types import AdministratorState, PartnerRole
from store.tenants.administrators import AdministratorDocument
from store.tenants.partners import PartnerDocument, SettingsEpoch


def stored_administrator(
    id_: str = "adm", role: PartnerRole = PartnerRole.FULL_ADMINISTRATOR, name: str = "Ann", **fields: Any
) -> AdministratorDocument:
    """Return an active administrator."""
    values = {"email": f"{id_}@a.example", "display_name": name, "name_folded": name.casefold(), "role": str(role)}
    state = str(AdministratorState.ACTIVE)
    return AdministratorDocument(
        {"_id": id_, **values, "state": state, "last_sign_in_at": None, "version": 1, **fields}
    )


def stored_partner(*history: SettingsEpoch, **fields: Any) -> PartnerDocument:
    """Return a partner; `history` are its settings, by default one epoch with the default thresholds."""
    epochs = [
        {
            "epoch": step.epoch,
            "at": step.at,
            "expiring_soon_days": step.thresholds.expiring_soon_days,
            "no_recent_activity_days": step.thresholds.no_recent_activity_days,
        }
        for step in history or (SettingsEpoch(1, datetime(2020, 1, 1), Thresholds()),)
    ]
    return PartnerDocument(
        {
            "_id": "par_1",
            "partner_id": "acme",
            "version": 1,
            "name": "Acme",
            "created_at": datetime(2020, 1, 1),
            "plan": [],
            "services": [],
            "settings": {"version": 1},
            "terms_version": "1",
            "steps": {},
            "settings_history": epochs,
            **fields,
        }
    )
