"""Accept headers: qualities, specificity and exclusion, as RFC 9110 defines them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.accept import MediaRange, parse_accept, preferred_encoding, preferred_media_type

JSON, RESPONSE, HTML = "application/json", "application/graphql-response+json", "text/html"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("  ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (RESPONSE, RESPONSE),
        (HTML, HTML),
        ("text/*", HTML),
        ("APPLICATION/JSON", JSON),
        (f"{JSON};charset=utf-8", JSON),
        (f"{RESPONSE}, {JSON}", RESPONSE),
        (f"{JSON}, {RESPONSE}", JSON),
        (f"{JSON};q=0.5, {RESPONSE}", RESPONSE),
        (f"{RESPONSE};q=0.9, {JSON};q=0.91", JSON),
        (f"{RESPONSE} ; Q=0.2 , {JSON} ; q=0.1", RESPONSE),
        # The most specific range decides, wherever it stands.
        (f"*/*, {JSON};q=0.1", RESPONSE),
        (f"*/*;q=0.1, {HTML}", HTML),
        (f"application/*;q=0.2, {RESPONSE};q=0.1, */*;q=0.15", JSON),
        # Zero excludes.
        (f"{JSON};q=0, */*", RESPONSE),
        (f"{JSON};q=0, {RESPONSE};q=0.000, */*", HTML),
        (f"{JSON};q=0", None),
        ("*/*;q=0", None),
        ("application/*;q=0, text/*;q=0", None),
        # What browsers send, and what they send from fetch().
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/html;q=0.5, application/json", JSON),
        ("application/json, text/plain, */*", JSON),
        # Nothing on offer, and headers that are not well formed.
        ("image/png", None),
        ("json", None),
        ("*/json", None),
        ("/", None),
        (",,", None),
        (f", {HTML}", HTML),
        (f"{JSON};q=2, {RESPONSE};q=0.5", JSON),
        (f"{JSON};q=-1, {RESPONSE};q=0.5", JSON),
        (f"{JSON};q=nan, {RESPONSE};q=0.5", JSON),
        (f"{JSON};q=, {RESPONSE};q=0.5", JSON),
        (f"{JSON};q=0.1234, {RESPONSE};q=0.5", JSON),
    ],
)
def test_selects_the_preferred_media_type(header: str | None, expected: str | None) -> None:
    assert preferred_media_type(header, [JSON, RESPONSE, HTML]) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("GZIP;Q=1, br;q=0.9", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.5", "br"),
        ("gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.8", "gzip"),
        ("identity;q=0", None),
        ("deflate, nonsense,,;", None),
        ("gzip;q=nan", "gzip"),
    ],
)
def test_selects_the_preferred_encoding(header: str, expected: str | None) -> None:
    assert preferred_encoding(header, ["zstd", "br", "gzip"]) == expected


def test_parses_types_weights_and_positions() -> None:
    assert parse_accept("text/*;q=0.25, nonsense, */*;level=1") == [
        MediaRange("text", "*", 0.25, 0),
        MediaRange("*", "*", 1.0, 2),
    ]


@given(st.text(max_size=80))
def test_any_header_gives_one_of_the_offered_types_or_none(header: str) -> None:
    assert preferred_media_type(header, [JSON, RESPONSE]) in {JSON, RESPONSE, None}


@given(st.permutations([f"{JSON};q=0.3", f"{RESPONSE};q=0.7", f"{HTML};q=0.5", "*/*;q=0.9"]))
def test_the_order_of_the_header_does_not_matter_where_qualities_differ(entries: list[str]) -> None:
    assert preferred_media_type(", ".join(entries), [JSON, HTML, RESPONSE]) == RESPONSE
