"""Visit a document, and validate it by rules, with nothing left to the garbage collector.

A visitor of graphql-core keeps its own methods. After the validation of a small operation, 700 objects wait for the
garbage collector: a burst of 190 new texts caused seven collections, each of which delayed all other requests.
"""

from collections.abc import Sequence
from contextlib import suppress

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    Visitor,
    visit,
)
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)

from server.graphql.parallel_rules import ParallelRules


def visit_with_types(
    document: DocumentNode, type_info: TypeInfo, visitor: Visitor, parts: Sequence[Visitor] = ()
) -> None:
    """Let a visitor of these parts visit a document, while the TypeInfo follows; they can be used once."""
    followed = TypeInfoVisitor(type_info, visitor)
    try:
        visit(document, followed, query_document_keys_to_validate)
    finally:
        for each in (followed, visitor, *parts):
            each.enter_leave_map.clear()


def validate(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: Sequence[type[ASTValidationRule]],
    max_errors: int,
    *,
    hide_suggestions: bool = False,
) -> list[GraphQLError]:
    """Return the first errors, as graphql-core's `validate` does; raise RecursionError for too deep a nesting."""
    errors: list[GraphQLError] = []

    def add(error: GraphQLError) -> None:
        errors.append(error)
        if len(errors) >= max_errors:
            raise ValidationAbortedError("There are enough errors.")

    type_info = TypeInfo(schema)
    context = ValidationContext(schema, document, type_info, add, hide_suggestions)
    visitors: list[Visitor] = [rule(context) for rule in rules]
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    if fragments:
        visitors.insert(0, FragmentNestingVisitor(fragments))
    with suppress(ValidationAbortedError):
        visit_with_types(document, type_info, ParallelRules(visitors), visitors)
    return errors
