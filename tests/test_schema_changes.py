"""Breaking changes of the schema are listed in the changelog, and removals follow a deprecation of six months."""

from datetime import date

import pytest
from graphql import build_schema

from tools.schema_changes import find_problems, find_undated_deprecations, main

TODAY = date(2026, 11, 28)
RELEASED = build_schema(
    """
    type Query { kept(old: Int @deprecated(reason: "Deprecated since 2026-01-10: use new."), new: Int): Int
      gone: Int @deprecated(reason: "Deprecated since 2026-05-01: use kept.")
      early: Int @deprecated(reason: "Deprecated since 2026-06-30: use kept.")
      undated: Int @deprecated(reason: "Use kept.") color: Color }
    enum Color { RED GREEN @deprecated(reason: "Deprecated since 2025-11-28: use RED.") }
    """
)
UNCHANGED = """type Query { kept(old: Int, new: Int): Int gone: Int early: Int undated: Int color: Color }
  enum Color { RED GREEN }"""


@pytest.mark.parametrize(
    ("former", "new", "description", "is_allowed"),
    [
        (" gone: Int", "", "Field Query.gone was removed.", True),
        ("early: Int", "", "Field Query.early was removed.", False),
        ("undated: Int", "", "Field Query.undated was removed.", False),
        (" GREEN", "", "Enum value Color.GREEN was removed.", True),
        ("old: Int, ", "", "Argument Query.kept(old:) was removed.", True),
        ("gone: Int", "gone: String", "Field Query.gone changed type from Int to String.", True),
        ("new: Int", "new: Int!", "Argument Query.kept(new:) has changed type from Int to Int!.", True),
    ],
)
def test_a_breaking_change_must_be_listed(former: str, new: str, description: str, is_allowed: bool) -> None:
    current = build_schema(UNCHANGED.replace(former, new, 1))
    unlisted = "# Changelog\n\n## [Unreleased]\n\n### Added\n- " + description
    assert any(description in problem for problem in find_problems(RELEASED, current, unlisted, TODAY))
    listed = f"## [Unreleased]\n\n### Breaking\n- {description}\n\n### Added\n- A field.\n"
    assert (find_problems(RELEASED, current, listed, TODAY) == []) is is_allowed


def test_a_list_of_an_earlier_version_does_not_count() -> None:
    current = build_schema(UNCHANGED.replace(" gone: Int", ""))
    changelog = "## [Unreleased]\n\n## [0.1.0]\n\n### Breaking\n- Field Query.gone was removed.\n"
    assert len(find_problems(RELEASED, current, changelog, TODAY)) == 1


def test_what_is_only_added_is_no_problem() -> None:
    assert find_problems(RELEASED, build_schema(UNCHANGED + " type New { a: Int }"), "", TODAY) == []


def test_a_deprecation_must_name_its_day() -> None:
    assert find_undated_deprecations(RELEASED) == ["Query.undated"]


def test_the_schema_of_this_tree_breaks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0, capsys.readouterr().err
