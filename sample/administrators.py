"""The sample's administrators of the partner: one of each role to sign in as, and some colleagues."""

from collections.abc import Iterator, Sequence

from sample.seeded_random import SeededRandom

# Address, name, role, state, share of customers. `make run` prints tokens for the first four.
_ADMINISTRATORS = (
    ("full", "Franziska Weiß", "FULL_ADMINISTRATOR", "ACTIVE", 0.0),
    ("admin", "Amélie Đorđević", "ADMINISTRATOR", "ACTIVE", 0.03),
    ("readonly", "Ravi Śarmā", "READ_ONLY_ADMINISTRATOR", "ACTIVE", 0.0),
    ("helpdesk", "Hana Dvořáková", "HELPDESK_ADMINISTRATOR", "ACTIVE", 0.0),
    ("m.lindstrom", "Maja Lindström", "FULL_ADMINISTRATOR", "ACTIVE", 0.0),
    ("t.okafor", "Tobe Okafor", "ADMINISTRATOR", "ACTIVE", 0.08),
    ("s.tanaka", "田中 さくら", "ADMINISTRATOR", "ACTIVE", 0.03),
    ("l.araujo", "Luís Araújo", "ADMINISTRATOR", "ACTIVE", 0.04),
    ("i.petrenko", "Ірина Петренко", "ADMINISTRATOR", "INVITED", 0.01),
    ("y.haddad", "ياسمين حداد", "READ_ONLY_ADMINISTRATOR", "ACTIVE", 0.0),
    ("c.oconnor", "Ciarán O’Connor", "HELPDESK_ADMINISTRATOR", "INVITED", 0.0),
    ("j.kim", "김지우", "HELPDESK_ADMINISTRATOR", "ACTIVE", 0.0),
    ("p.novak", "Petr Novák", "READ_ONLY_ADMINISTRATOR", "DEACTIVATED", 0.0),
)
# `admin` has the first customers, which together have every profile and so show every chart, but never all of them.
_SHOWCASE_CUSTOMERS = 50
_SHOWCASE_SHARE = 2 / 3
# With this many ids a record stays far below the importer's limit of 1 MiB.
_MAX_ASSIGNED = 2_000


def administrator_records(rng: SeededRandom, customers: Sequence[str]) -> Iterator[dict[str, object]]:
    """Yield the administrators; those with the role ADMINISTRATOR have assigned customers."""
    for address, name, role, state, share in _ADMINISTRATORS:
        record: dict[str, object] = {
            "email": f"{address}@partner.example",
            "displayName": name,
            "role": role,
            "state": state,
        }
        if role == "ADMINISTRATOR":
            first = min(_SHOWCASE_CUSTOMERS, int(len(customers) * _SHOWCASE_SHARE)) if address == "admin" else 0
            record["assigned"] = [*customers[:first], *_draw_assigned_customers(rng, customers[first:], share)]
        yield record


def _draw_assigned_customers(rng: SeededRandom, customers: Sequence[str], share: float) -> list[str]:
    """Return a random share of the customers in their order, at least one if there are any."""
    chosen = [customer for customer in customers if rng.chance(share)]
    return (chosen or list(customers[:1]))[:_MAX_ASSIGNED]
