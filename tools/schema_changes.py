"""Breaking changes of schema.graphql since the last release: each must be listed in the changelog.

`python tools/schema_changes.py` compares schema.graphql with the newest file of docs/releases/ and ends with 1 where a
change is not listed, or an element was removed that was not deprecated for six months.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema
from graphql.utilities import find_breaking_changes

ROOT = Path(__file__).parent.parent
RELEASES = ROOT / "docs" / "releases"
MIN_DEPRECATION = timedelta(days=183)
_SINCE = re.compile(r"Deprecated since (\d{4}-\d{2}-\d{2})")
_REMOVED = re.compile(r"(?:Argument |Enum value |Field )?(\S+?)(?::\))? was removed\.")


def last_release() -> Path:
    """Return the schema of the newest release, by its version."""
    return max(RELEASES.glob("*.graphql"), key=lambda path: tuple(map(int, path.stem.split("."))))


def find_problems(released: GraphQLSchema, current: GraphQLSchema, changelog: str, today: date) -> list[str]:
    """Return a sentence for each breaking change that is not allowed; what to do is part of it."""
    listed = _breaking_section(changelog)
    deprecations = dict(_deprecation_reasons(released))
    problems = []
    for change in find_breaking_changes(released, current):
        if change.description not in listed:
            problems.append(f"List it in CHANGELOG.md under [Unreleased], ### Breaking: {change.description}")
        removed = _REMOVED.fullmatch(change.description)
        if removed is not None and not _was_deprecated_long_enough(deprecations.get(removed[1]), today):
            problems.append(
                f"{change.description} Only what was deprecated for {MIN_DEPRECATION.days} days can be removed: "
                "deprecate it first, with a reason that begins with 'Deprecated since YYYY-MM-DD'."
            )
    return problems


def find_undated_deprecations(schema: GraphQLSchema) -> list[str]:
    """Return the coordinates of deprecated elements whose reason does not begin with the day of the deprecation."""
    return [coordinate for coordinate, reason in _deprecation_reasons(schema) if _SINCE.match(reason) is None]


def _breaking_section(changelog: str) -> str:
    """Return the text of `### Breaking` of the unreleased version, without its line breaks."""
    unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## [")[0]
    return " ".join(unreleased.partition("### Breaking")[2].partition("\n### ")[0].split())


def _was_deprecated_long_enough(reason: str | None, today: date) -> bool:
    since = _SINCE.match(reason or "")
    return since is not None and date.fromisoformat(since[1]) + MIN_DEPRECATION <= today


def _deprecation_reasons(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Yield coordinate and reason of each deprecated field, argument, input field and enum value."""
    for name, graphql_type in schema.type_map.items():
        members: dict[str, Any] = getattr(graphql_type, "fields", None) or getattr(graphql_type, "values", {})
        for member_name, member in members.items():
            coordinate = f"{name}.{member_name}"
            if member.deprecation_reason is not None:
                yield coordinate, member.deprecation_reason
            for argument_name, argument in getattr(member, "args", {}).items():
                if argument.deprecation_reason is not None:
                    yield f"{coordinate}({argument_name}", argument.deprecation_reason


def main() -> int:
    """Print the problems of the working tree."""
    released, current = (build_schema(path.read_text()) for path in (last_release(), ROOT / "schema.graphql"))
    changelog = (ROOT / "CHANGELOG.md").read_text()
    problems = find_problems(released, current, changelog, datetime.now(UTC).date())
    problems += [
        f"The reason must begin with 'Deprecated since YYYY-MM-DD': {name}"
        for name in find_undated_deprecations(current)
    ]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
