"""The checks of the fields of a customer that is created or changed here."""

from typing import Any

from domain.inputs import Omittable, value_or_none
from domain.messages import translatable
from domain.permissions import can_see_all_customers
from domain.text.iso_codes import parse_country_code
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.external_ids import is_external_id_taken, release_external_id
from store.changes.mutations import Mutation

_MAX_NAME_LENGTH, _MAX_EXTERNAL_ID_LENGTH, _MAX_DOMAIN_LENGTH = 200, 100, 253


def read_name(mutation: Mutation[Any], name: Omittable[str], *path: str) -> str | None:
    """Return the name; add a mistake where it is null, blank or too long."""
    return mutation.checks.read_line(name, _MAX_NAME_LENGTH, translatable("The customer's name"), *path, "name")


def read_domain(mutation: Mutation[Any], typed: Omittable[str], *path: str) -> str | None:
    """Return the domain in lower case, None where it is absent, null or blank."""
    domain = value_or_none(typed)
    if domain is None or not domain.strip():
        return None
    clean = mutation.checks.read_line(domain, _MAX_DOMAIN_LENGTH, translatable("The domain"), *path, "domain")
    return None if clean is None else clean.lower()


def read_country(mutation: Mutation[Any], typed: Omittable[str], *path: str) -> str | None:
    """Return the code of the country, None where it is absent, null or blank."""
    country = value_or_none(typed)
    if country is None or not country.strip():
        return None
    code = parse_country_code(country)
    if code is None:
        message = translatable("The country must be a code of ISO 3166-1, such as DE.")
        mutation.checks.add(UserErrorCode.INVALID, message, *path, "country")
    return code


def read_external_id(mutation: Mutation[Any], external_id: Omittable[str], *path: str) -> str | None:
    """Return the external id; `claim_external_id` must follow as the last check."""
    what = translatable("The external id")
    return mutation.checks.read_line(external_id, _MAX_EXTERNAL_ID_LENGTH, what, *path, "external_id")


async def claim_external_id(
    mutation: Mutation[Any], batch: CustomerBatch, external_id: str, *path: str, own_id: str | None = None
) -> dict[str, Any]:
    """Return the fields of a customer that gets the id; add TAKEN where another customer has it.

    An administrator who does not see every customer learns that an id is taken only where nothing else is wrong, and
    loses the customer when it is delivered: otherwise a guessed id would show the customer that it belongs to.
    """
    sees_all = can_see_all_customers(mutation.actor.role)
    if mutation.checks.errors and not sees_all:
        raise mutation.checks.build_rejection()
    if await is_external_id_taken(batch, external_id, own_id):
        message = translatable("This external id is in use already: give another one, or leave it out.")
        mutation.checks.add(UserErrorCode.TAKEN, message, *path, "external_id")
    mutation.checks.raise_if_invalid()
    await release_external_id(batch, external_id)
    return {"external_id": external_id, "external_id_given_by": None if sees_all else mutation.actor.id}
