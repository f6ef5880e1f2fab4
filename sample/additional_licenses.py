"""What some subscriptions have besides the usual products: lines of further products, and Calling lines with names."""

from msgspec.structs import replace

from sample.entitlements import Entitlement
from sample.licenses import License
from sample.seeded_random import SeededRandom

# Product, name and share of a subscription's largest total. Vidcast is unknown to the import: it becomes OTHER.
_PRODUCTS: tuple[tuple[tuple[str, str | None, float], int], ...] = (
    (("WEBINARS", "500", 0.1), 24),
    (("WEBINARS", "1000", 0.05), 10),
    (("EVENTS", None, 0.05), 14),
    (("CONTACT_CENTER", "Standard agent", 0.2), 14),
    (("DEVICES", None, 0.15), 24),
    (("Vidcast", None, 0.3), 14),
)
_PROFESSIONAL, _WORKSPACE = "Professional", "Workspace"
_ADDITIONAL_SHARE, _NAMED_SHARE = 0.18, 0.3


def add_licenses(rng: SeededRandom, subscription: Entitlement) -> None:
    """Give some subscriptions a line of a further product, and names to some Calling lines; sums of Calling stay."""
    lines = [part for line in subscription.licenses for part in _name_line(rng, line)]
    if rng.chance(_ADDITIONAL_SHARE):
        lines.append(_draw_line(rng, subscription))
    subscription.licenses = tuple(lines)


def _name_line(rng: SeededRandom, line: License) -> list[License]:
    if line.product != "CALLING" or not rng.chance(_NAMED_SHARE):
        return [line]
    if line.total < 4 or line.assigned > line.total:
        return [replace(line, name=_PROFESSIONAL)]
    workspaces = line.total // 4
    # The rest never has more assigned than ordered.
    assigned = max(min(workspaces, line.assigned // 4), line.assigned - (line.total - workspaces))
    used = line.used * assigned // max(1, line.assigned)
    return [
        License(line.product, line.total - workspaces, line.assigned - assigned, line.used - used, _PROFESSIONAL),
        License(line.product, workspaces, assigned, used, _WORKSPACE),
    ]


def _draw_line(rng: SeededRandom, subscription: Entitlement) -> License:
    (product, name, share) = rng.weighted_choice(_PRODUCTS)
    total = max(1, int(max(line.total for line in subscription.licenses) * share))
    is_assigned = any(line.assigned for line in subscription.licenses)
    assigned = int(total * rng.uniform(0.5, 1.0) + 0.5) if is_assigned else 0
    return License(product, total, assigned, int(assigned * rng.uniform(0.3, 0.95) + 0.5), name)
