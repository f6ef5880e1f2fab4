"""The validation of a document: the rules of the specification and our own.

It is done in steps, between which others have their turn. What a step takes is bounded beforehand, by the tokens,
spreads and directives of the text (parsing.py) and by the selections of one name and the cost (cost.py), and here by
the number of errors.
"""

from collections.abc import Sequence

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldsOnCorrectTypeRule,
    GraphQLError,
    GraphQLSchema,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
    specified_rules,
)

from server.graphql.document_visits import validate
from server.graphql.one_of import OneOfVariablesRule
from server.graphql.quoted_literals import quote_starts_of_literals
from server.graphql.steps import Steps

quote_starts_of_literals()

# Of a long document fewer errors are stated: most often, they are of one kind.
_MAX_ERRORS, _MAX_ERRORS_OF_LONG = 20, 3
# It takes as long as all others together.
_LAST_RULE = OverlappingFieldsCanBeMergedRule
# They find most errors: where they find the most errors, the document is not visited again.
_FIRST_RULES = (
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
)
_OTHER_RULES = (*(rule for rule in specified_rules if rule not in {*_FIRST_RULES, _LAST_RULE}), OneOfVariablesRule)
# They visit each operation once more, which is a third of a validation.
_VARIABLE_RULES = {
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    VariablesInAllowedPositionRule,
    OneOfVariablesRule,
}
_RULES_WITHOUT_VARIABLES = tuple(rule for rule in _OTHER_RULES if rule not in _VARIABLE_RULES)
_MAX_CHARACTERS_OF_ONE_STEP = 1_000


def find_validation_errors(schema: GraphQLSchema, document: DocumentNode) -> Steps[list[GraphQLError]]:
    """Return the errors of a document; conflicts between fields of one name only where it has no others."""
    errors: list[GraphQLError] = []
    most = _MAX_ERRORS_OF_LONG if _is_long(document) else _MAX_ERRORS
    for rules in _steps(document):
        # To find a name like a wrong one takes up to 30 ms: only a lone error gets such suggestions.
        found = validate(schema, document, rules, most, hide_suggestions=True)
        if len(found) == 1 and not errors:
            yield
            found = validate(schema, document, rules, most)
        errors += found
        if len(errors) >= most:
            return errors[:most]
        yield
    return errors or validate(schema, document, (_LAST_RULE,), most)


def _steps(document: DocumentNode) -> Sequence[Sequence[type[ASTValidationRule]]]:
    """Return the rules of each step; the steps take about the same time."""
    others = _OTHER_RULES if _may_have_variables(document) else _RULES_WITHOUT_VARIABLES
    # Each step visits the whole document, so a short one has one step.
    return (_FIRST_RULES, others[::2], others[1::2]) if _is_long(document) else ((*_FIRST_RULES, *others),)


def _is_long(document: DocumentNode) -> bool:
    return document.loc is not None and len(document.loc.source.body) > _MAX_CHARACTERS_OF_ONE_STEP


def _may_have_variables(document: DocumentNode) -> bool:
    return document.loc is None or "$" in document.loc.source.body
