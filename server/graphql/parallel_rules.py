"""All rules of a validation as one visitor.

graphql-core's ParallelVisitor asks each of 27 rules for its methods for each kind of node, and for each node again
whether it has one. Which rules have a method for a kind is known by their classes; here only those are asked: a small
operation is validated in half the time.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from graphql import BREAK, SKIP, Node, ParallelVisitor, Visitor
from graphql.language.visitor import EnterLeaveVisitor, VisitorAction

Visit = Callable[..., VisitorAction | None]
# The places of visitors, and the names of their methods.
Methods = tuple[tuple[int, str], ...]


class ParallelRules(ParallelVisitor):
    """Visitors that change no node."""

    def __init__(self, visitors: Sequence[Visitor]) -> None:
        super().__init__(visitors)
        self._visitors, self._classes = visitors, tuple(map(type, visitors))
        # How many of `skipping` are nodes.
        self._skips = 0

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """Return the functions that call the methods of all visitors for nodes of the kind."""
        known = self.enter_leave_map.get(kind)
        if known is None:
            entering, leaving = _find_methods(self._classes, kind)
            # A visitor that skips a node goes on after it, also where it has no method for leaving it.
            leave = self._leave(self._bind(leaving)) if entering or leaving else None
            known = EnterLeaveVisitor(self._enter(self._bind(entering)) if entering else None, leave)
            self.enter_leave_map[kind] = known
        return known

    def _bind(self, methods: Methods) -> Sequence[tuple[int, Visit]]:
        return [(place, getattr(self._visitors[place], name)) for place, name in methods]

    def _enter(self, methods: Sequence[tuple[int, Visit]]) -> Visit:
        skipping = self.skipping

        def enter(*arguments: Any) -> None:
            for place, method in methods:
                if skipping[place] is None:
                    action = method(*arguments)
                    if action is not None:
                        self._note(place, action, arguments[0])

        return enter

    def _leave(self, methods: Sequence[tuple[int, Visit]]) -> Visit:
        skipping = self.skipping

        def leave(*arguments: Any) -> None:
            for place, method in methods:
                if skipping[place] is None and method(*arguments) is BREAK:
                    skipping[place] = BREAK
            if self._skips:
                self._end_skips(arguments[0])

        return leave

    def _note(self, place: int, action: VisitorAction, node: Node) -> None:
        if action is SKIP:
            self.skipping[place] = node
            self._skips += 1
        elif action is BREAK:
            self.skipping[place] = BREAK
        else:
            raise TypeError("A rule changes no node.")

    def _end_skips(self, node: Node) -> None:
        for place, skipped in enumerate(self.skipping):
            if skipped is node:
                self.skipping[place] = None
                self._skips -= 1


# For each sort of validation and each kind of node: fewer than 200.
@lru_cache(maxsize=1_000)
def _find_methods(classes: tuple[type[Visitor], ...], kind: str) -> tuple[Methods, Methods]:
    """Return which visitors have a method for entering a node of the kind, and for leaving it."""
    entering, leaving = (
        tuple((place, name) for place, each in enumerate(classes) if (name := _find_method(each, verb, kind)))
        for verb in ("enter", "leave")
    )
    return entering, leaving


def _find_method(visitor: type[Visitor], verb: str, kind: str) -> str:
    """Return the name of the method, the special or the general one; empty where it has neither."""
    return next((name for name in (f"{verb}_{kind}", verb) if getattr(visitor, name, None)), "")
