"""Administrators: the inputs of the mutations that invite, change and remove them."""

from dataclasses import dataclass

from domain.inputs import ABSENT, Omittable
from domain.types import PartnerRole

MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteAdministrator:
    """A person to be invited, or to be invited again after a removal."""

    email: str
    display_name: str
    role: PartnerRole


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAdministrator:
    """The changes of an administrator; an absent field keeps its value. A dry run changes nothing."""

    id: str
    version: Omittable[int] = ABSENT
    role: Omittable[PartnerRole] = ABSENT
    display_name: Omittable[str] = ABSENT
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAdministrator:
    """The administrator to be removed."""

    id: str
