"""Which operations select a field whose value depends on the viewer: equal subscriptions of two viewers then differ."""

from graphql import DocumentNode, FieldNode, GraphQLSchema, TypeInfo, Visitor

from schema.fields import is_viewer_dependent
from server.graphql.document_visits import visit_with_types


def selects_viewer_dependent_field(schema: GraphQLSchema, document: DocumentNode) -> bool:
    """Return whether an operation or fragment of the document selects a field that depends on the viewer.

    Directives are not read: a field that a variable excludes counts too, which only prevents sharing.
    """
    type_info = TypeInfo(schema)
    visitor = _ViewerDependence(type_info)
    visit_with_types(document, type_info, visitor)
    return visitor.is_dependent


class _ViewerDependence(Visitor):
    """Finds fields that depend on the viewer."""

    def __init__(self, type_info: TypeInfo) -> None:
        super().__init__()
        self._type_info, self.is_dependent = type_info, False

    def enter_field(self, _node: FieldNode, *_: object) -> None:
        field = self._type_info.get_field_def()
        if field is not None and is_viewer_dependent(field):
            self.is_dependent = True
