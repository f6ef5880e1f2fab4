"""The validation of variables in @oneOf inputs."""

from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLNonNull,
    NonNullTypeNode,
    OperationDefinitionNode,
    ValidationRule,
)


class OneOfVariablesRule(ValidationRule):
    """Reject a nullable variable as the value of a @oneOf input: unset, it would leave the input without a value.

    graphql-core has the same rule, but applies it only where the @oneOf input itself is nullable.
    """

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_: Any) -> None:
        """Check the variables that the operation and its fragments use."""
        definitions = {d.variable.name.value: d for d in operation.variable_definitions or ()}
        for usage in self.context.get_recursive_variable_usages(operation):
            definition = definitions.get(usage.node.name.value)
            if definition is None or isinstance(definition.type, NonNullTypeNode):
                continue
            if isinstance(usage.parent_type, GraphQLNonNull):
                input_type = usage.parent_type.of_type
                if isinstance(input_type, GraphQLInputObjectType) and input_type.is_one_of:
                    message = (
                        f"Variable '${definition.variable.name.value}' must be declared non-null: "
                        f"it is the value of the OneOf Input Object '{input_type}'."
                    )
                    self.report_error(GraphQLError(message, [definition, usage.node]))
