"""The thresholds of peer groups in conditions of low assignment."""

from collections.abc import Awaitable, Callable, Mapping

from domain.customers.conditions import AllOf, Condition, leaves, replace_leaves
from domain.customers.holding_conditions import HasLowAssignment
from domain.entitlements.peer_groups import PeerGroup
from store.database.scope import Scope
from store.licenses.peer_groups import read_peer_groups

# Reads the peer groups of some products.
PeerGroupReader = Callable[[tuple[str, ...]], Awaitable[Mapping[str, PeerGroup]]]


async def with_thresholds(scope: Scope, condition: AllOf, read: PeerGroupReader | None = None) -> AllOf:
    """Return the condition with the current thresholds; a condition without low assignment needs no query."""
    products = {code for part in leaves(condition) if isinstance(part, HasLowAssignment) for code in part.products}
    if not products:
        return condition
    codes = tuple(sorted(products))
    groups = await (read_peer_groups(scope, codes, scope.now) if read is None else read(codes))
    thresholds = {product: group.threshold for product, group in groups.items()}

    def complete(part: Condition) -> Condition:
        return part.with_thresholds(thresholds) if isinstance(part, HasLowAssignment) else part

    return AllOf(tuple(replace_leaves(part, complete) for part in condition.conditions))
