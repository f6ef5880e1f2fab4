"""The validation of a document: the rules of the specification and our own.

It is done in steps, between which others have their turn. What a step takes is bounded beforehand, by the tokens,
spreads and directives of the text (parsing.py) and by the selections of one name and the cost (cost.py), and here by
the number of errors.
"""

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    VariablesInAllowedPositionRule,
    specified_rules,
    validate,
)

from server.graphql.one_of import OneOfVariablesRule
from server.graphql.steps import Steps

_MAX_ERRORS = 20
# It takes as long as all others together.
_LAST_RULE = OverlappingFieldsCanBeMergedRule
_FIRST_RULES = (*(rule for rule in specified_rules if rule is not _LAST_RULE), OneOfVariablesRule)
# They visit each operation once more, which is a third of a validation.
_VARIABLE_RULES = {
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    VariablesInAllowedPositionRule,
    OneOfVariablesRule,
}
_RULES_WITHOUT_VARIABLES = tuple(rule for rule in _FIRST_RULES if rule not in _VARIABLE_RULES)
# The steps take about the same time. Each visits the whole document, so a short one has one step.
_STEPS = 3
_MAX_CHARACTERS_OF_ONE_STEP = 1_000


def find_validation_errors(schema: GraphQLSchema, document: DocumentNode) -> Steps[list[GraphQLError]]:
    """Return the errors of a document; conflicts between fields of one name only where it has no others."""
    rules = _FIRST_RULES if _may_have_variables(document) else _RULES_WITHOUT_VARIABLES
    errors: list[GraphQLError] = []
    steps = _STEPS if _is_long(document) else 1
    for step in range(steps):
        errors += validate(schema, document, rules[step::steps], max_errors=_MAX_ERRORS)
        yield
    return errors[:_MAX_ERRORS] or validate(schema, document, (_LAST_RULE,), max_errors=_MAX_ERRORS)


def _is_long(document: DocumentNode) -> bool:
    return document.loc is not None and len(document.loc.source.body) > _MAX_CHARACTERS_OF_ONE_STEP


def _may_have_variables(document: DocumentNode) -> bool:
    return document.loc is None or "$" in document.loc.source.body
