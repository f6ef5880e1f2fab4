"""docs/figures.md: every figure stands there with a formula, in the words of the schema's own descriptions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from tests.exported_schema import exported_schema

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "figures.md").read_text()
SCHEMA = exported_schema()
ROOTS = ["PartnerKpis", "LicenseAnalytics", "CallingEngagement", "CustomerCallingPoint", "RenewalMonth", "RightSizing"]
