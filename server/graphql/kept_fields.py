"""Which queries have a response that may be kept: those of fields whose values only events or stated moments change."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    Visitor,
)

from server.graphql.document_visits import visit_with_types

# Of these types, the fields of which each change is an event of the partner. The resolvers of entitlements state the
# moments at which time alone changes their state (Context.limit_validity). Every other field is read for each request.
KEPT_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "Query": "customers customer",
        "CustomerConnection": "edges nodes pageInfo totalCount facets",
        "CustomerEdge": "cursor node",
        "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
        "CustomerFacets": "managedBy product status subscriptionType tag",
        "ManagedByCount": "value count",
        "ProductCount": "value count",
        "StatusCount": "value count",
        "SubscriptionTypeCount": "value count",
        "TagCount": "value count",
        "Customer": "id externalId name domain country managedBy products subscriptionTypes statuses statusDetails "
        "needsAttention lastAdministratorSignInAt createdAt updatedAt version urgency nextExpiryAt sortName tags "
        "subscriptions trials licenses",
        "CustomerStatusDetail": "status since reason reasonCode reasonArguments",
        "StatusReasonArguments": "type number on product name assigned ordered others invoice",
        "Tag": "id name color description version createdAt",
        "CustomerSubscription": "id number state addedAt startsAt endsAt renewsAt autoRenew termMonths version "
        "licenses cancelledAt suspendedAt",
        "Trial": "id number state addedAt startsAt endsAt version licenses endedEarlyAt",
        "LicenseLine": "product name total assigned used available overage assignedPercent usedPercent",
    }.items()
}
# Conditions of a filter whose result time alone, or other customers, can change.
CHANGING_CONDITIONS: Final = ("expiresWithinDays", "renewsWithinDays", "kpi")


def may_be_kept(schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode) -> bool:
    """Return whether the response to an operation of a valid document may be kept, whatever its variables are.

    The variables may still contain one of CHANGING_CONDITIONS. A fragment of the document counts even if another
    operation alone uses it.
    """
    if definition.operation is not OperationType.QUERY:
        return False
    type_info = TypeInfo(schema)
    visitor = _KeptFieldsVisitor(type_info)
    visit_with_types(document, type_info, visitor)
    return visitor.is_kept


class _KeptFieldsVisitor(Visitor):
    def __init__(self, type_info: TypeInfo) -> None:
        super().__init__()
        self._type_info = type_info
        self.is_kept = True

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._type_info.get_parent_type()
        name = node.name.value
        if name != "__typename" and (parent is None or name not in KEPT_FIELDS.get(parent.name, ())):
            self.is_kept = False

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        if node.name.value in CHANGING_CONDITIONS:
            self.is_kept = False
