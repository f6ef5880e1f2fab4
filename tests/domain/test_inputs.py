"""The canonical form of inputs: equal inputs are equal data, and absent is not null."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from domain.entitlements.trials import NewCustomer, StartTrial, TrialCustomer, TrialLicenses
from domain.inputs import ABSENT, Omittable, to_canonical, value_or_none
from domain.partner.assignments import AssignAdministrator
from domain.partner.tags import ChangeCustomerTags, CustomerSelection, TagColor, UpdateTag
from domain.types import ManagedBy, Product


@pytest.mark.parametrize(
    ("value", "expected"),
    [(ABSENT, None), (None, None), ("", ""), (0, 0), (False, False), ("text", "text")],
)
def test_absent_and_null_are_both_none_where_they_mean_the_same(value: Any, expected: Any) -> None:
    assert value_or_none(value) is expected or value_or_none(value) == expected


def test_an_absent_field_is_left_out_and_null_stays() -> None:
    assert to_canonical(UpdateTag(id="tag_1", version=2)) == {"id": "tag_1", "version": 2}
    cleared = UpdateTag(id="tag_1", version=2, description=None)
    assert to_canonical(cleared) == {"id": "tag_1", "version": 2, "description": None}


def test_enums_are_their_names_and_instants_iso_texts() -> None:
    assert to_canonical(UpdateTag(id="a", version=1, color=TagColor.RED))["color"] == "RED"
    until = datetime(2027, 1, 2, 3, 4, 5, 6000)
    assigned = AssignAdministrator(administrator="adm_1", customers=("cus_1",), expires_at=until)
    assert to_canonical(assigned) == {
        "administrator": "adm_1",
        "customers": ["cus_1"],
        "expires_at": "2027-01-02T03:04:05.006000",
    }


def test_nested_inputs_and_lists_are_converted() -> None:
    new = NewCustomer(name="Acme", managed_by=ManagedBy.PARTNER_ORGANIZATION, country=None)
    lines = (TrialLicenses(product=Product.CALLING, licenses=5),)
    assert to_canonical(StartTrial(customer=TrialCustomer(new=new), licenses=lines)) == {
        "customer": {"new": {"name": "Acme", "managed_by": "PARTNER_ORGANIZATION", "country": None}},
        "licenses": [{"product": "CALLING", "licenses": 5}],
    }


def test_a_filter_keeps_its_conditions() -> None:
    selection = CustomerSelection(matching={"product": [Product.CALLING], "not_": {"search": "a"}, "country": None})
    canonical = to_canonical(ChangeCustomerTags(customers=selection, tags=("tag_1",)))
    assert canonical["customers"] == {
        "matching": {"product": ["CALLING"], "not_": {"search": "a"}, "country": None},
    }


@pytest.mark.parametrize("value", [object(), {"key": {1, 2}}, [object()], UpdateTag])
def test_rejects_a_value_without_a_canonical_form(value: Any) -> None:
    with pytest.raises(TypeError, match="has no canonical form"):
        to_canonical(value)


TEXTS: st.SearchStrategy[Omittable[str]] = st.sampled_from([ABSENT, None, "", "a", "b"])
COLORS: st.SearchStrategy[Omittable[TagColor]] = st.sampled_from([ABSENT, None, *list(TagColor)[:2]])
UPDATES = st.builds(
    UpdateTag, id=st.sampled_from("ab"), version=st.integers(1, 2), name=TEXTS, color=COLORS, description=TEXTS
)


@given(UPDATES, UPDATES)
def test_the_canonical_json_is_equal_exactly_for_equal_inputs(one: UpdateTag, other: UpdateTag) -> None:
    texts = [json.dumps(to_canonical(input), sort_keys=True) for input in (one, other)]
    assert (texts[0] == texts[1]) == (one == other)


class _Ordered(Struct, frozen=True):
    first: int
    second: int


def test_the_order_of_a_mapping_does_not_count_after_sorting() -> None:
    one, other = ({"b": 1, "a": _Ordered(1, 2)}, {"a": _Ordered(second=2, first=1), "b": 1})
    assert json.dumps(to_canonical(one), sort_keys=True) == json.dumps(to_canonical(other), sort_keys=True)
