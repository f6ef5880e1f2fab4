"""Administrators: the inputs of the mutations that invite, change and remove them."""

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.types import PartnerRole

MAX_NAME_LENGTH = 100


class InviteAdministrator(Struct, frozen=True, kw_only=True):
    """A person to be invited, or to be invited again after a removal."""

    email: str
    display_name: str
    role: PartnerRole


class ChangeAdministrator(Struct, frozen=True, kw_only=True):
    """The changes of an administrator; an absent field keeps its value. A dry run changes nothing."""

    id: str
    version: Omittable[int] = ABSENT
    role: Omittable[PartnerRole] = ABSENT
    display_name: Omittable[str] = ABSENT
    dry_run: bool = False


class RemoveAdministrator(Struct, frozen=True, kw_only=True):
    """The administrator to be removed."""

    id: str
