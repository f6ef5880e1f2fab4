"""Hypothesis strategies for the filters of a list feed, with tags and administrators by name."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Filter = Mapping[str, Any]
TAGS = ("Gold", "Silver")
ASSIGNED = "the assigned administrator"

_words = st.sampled_from(
    ["Acme", "Bolt", "Æther", "aether", "kunde", "c1", "C2", "example", "0", "1", "zzz", "s1", "t"]
)
_text = st.one_of(
    st.lists(_words.flatmap(lambda word: st.integers(1, len(word)).map(lambda n: word[:n])), min_size=1, max_size=2),
    st.sampled_from([[" "], ["-"], ["*"], ["."]]),
).map(" ".join)


def _some(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


_instants = st.sampled_from([None, "2026-01-05T00:00:00Z", "2026-01-05T00:00:00.001Z"])
_CONDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "search": _text,
    "managedBy": _some("PARTNER_ORGANIZATION", "EXTERNAL_ADMINISTRATOR"),
    "product": _some("MEETINGS", "CALLING", "MESSAGING"),
    "status": _some(
        "TRIAL", "SUBSCRIPTION", "EXPIRING_SOON", "LICENSE_OVERAGE", "NO_RECENT_ACTIVITY", "SUSPENDED", "EXPIRED"
    ),
    "subscriptionType": _some("SUBSCRIPTION", "TRIAL"),
    "tag": _some(*TAGS, "tag_000000000000000000000000"),
    "administrator": _some(ASSIGNED, "adm_000000000000000000000000"),
    "country": _some("DE", "FR"),
    "hasTags": st.booleans(),
    "hasAssignments": st.booleans(),
    "invoiceState": _some("OPEN", "OVERDUE"),
    "lastAdministratorSignInAt": st.fixed_dictionaries({}, optional={"since": _instants, "until": _instants}),
}
_condition = st.sampled_from(sorted(_CONDITIONS)).flatmap(
    lambda name: _CONDITIONS[name].map(lambda value: {name: value})
)


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=3)
    joining = {"allOf": lists, "anyOf": lists, "not": inner}
    either = st.sampled_from(sorted(joining)).flatmap(lambda name: joining[name].map(lambda value: {name: value}))
    return st.one_of(inner, either, st.tuples(inner, either).map(lambda both: {**both[0], **both[1]}))


filters: st.SearchStrategy[Filter | None] = st.one_of(
    st.none(), _combined(_condition), _combined(_combined(_condition))
)


def replace_names(filter_: Any, ids: Mapping[str, str]) -> Any:
    """Replace the names in a filter with ids."""
    if isinstance(filter_, Mapping):
        return {key: replace_names(value, ids) for key, value in filter_.items()}
    if isinstance(filter_, list):
        return [replace_names(value, ids) for value in filter_]
    return ids.get(filter_, filter_) if isinstance(filter_, str) else filter_
