"""The compiled executor, which notes for tests why an operation was not compiled."""

from typing import Any, ClassVar

from execution.context import CompiledExecutionContext


class ObservedExecutor(CompiledExecutionContext):
    """Executes as any project would; `reasons` says of each operation since why it fell back, None where it did not."""

    reasons: ClassVar[list[str | None]] = []

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Execute the operation."""
        self.reasons.append(None)
        return super().execute_operation(serially)

    def not_compiled(self, reason: str) -> None:
        """Note the reason."""
        self.reasons[-1] = reason
        super().not_compiled(reason)


COMPILED = ObservedExecutor


def last_fallback() -> str | None:
    """Return why the last operation ran on graphql-core's executor; None where it ran compiled."""
    return ObservedExecutor.reasons[-1]
