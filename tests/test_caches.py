"""Every cache of a process is bounded by bytes: those of functions by the number and the size of their entries."""

import ast
from importlib import import_module
from typing import Any

import pytest

from tests.server_process import ROOT

MAX_BYTES = 16 * 1024 * 1024
# By module and function: the number of entries, and the bytes that an entry takes at most. A function without
# arguments, or with those of an enumeration or of our own classes, has few entries.
ONE_CHARACTER, FEW, LARGE = 300, 64, 64_000
CACHES = {
    "domain.cursors.feed._keyed_mac": (16, 2_000),
    "domain.imports.call_merging._classify_cells": (4_096, 4_000),
    "domain.imports.fields._midnight": (512, 300),
    "domain.integrations.alert_mail_times.time_zones": (1, LARGE),
    "domain.languages.catalogues.load_catalogue": (FEW, LARGE),
    "domain.languages.languages._choose": (256, 4_000),
    "domain.languages.rendering._format_date": (4_096, 500),
    "domain.languages.rendering._format_number": (4_096, 500),
    "domain.text.folding._is_diacritic": (4_096, ONE_CHARACTER),
    "domain.text.folding._is_word_character": (4_096, ONE_CHARACTER),
    "domain.text.folding._latin_letter": (4_096, ONE_CHARACTER),
    "domain.text.iso_codes.country_codes": (FEW, LARGE),
    "domain.text.iso_codes.currency_codes": (FEW, LARGE),
    "domain.text.words.is_unspaced": (8_192, ONE_CHARACTER),
    "jobs.integrations.webhook_client._resolvers": (1, LARGE),
    "jobs.integrations.webhook_client.trusted_certificates": (1, LARGE),
    # The lines and the code of the longest document that is accepted.
    "execution.row_code._compile": (16, 500_000),
    "schema.build.build_schema": (1, 0),
    "schema.input_conversion._member_types": (FEW, LARGE),
    "server.connections.trusted_proxies._is_within": (1_024, 500),
    "server.connections.trusted_proxies._normalize": (1_024, 500),
    "server.connections.trusted_proxies.address_group": (1_024, 500),
    # Two names for each rule and kind of node.
    "server.graphql.parallel_rules._find_methods": (1_000, 8_000),
    "server.http.compression.choose_encoding": (256, 4_000),
    "server.http.compression._is_compressible_type": (256, 1_000),
    "server.http.graphql._is_json": (256, 4_000),
    "server.http.graphql._negotiate_media_type": (256, 4_000),
    "server.http.graphql._read_short_body": (256, 64_000),
    "server.http.rate_limit_headers._policies": (10, 1_000),
    "server.live.socket_transport._frame_header": (4_096, 200),
    "server.telemetry.operation_metrics._cost": (512, 1_000),
    "server.telemetry.operation_metrics._operations": (512, 1_000),
    "server.telemetry.operation_metrics._requests": (FEW, 1_000),
    "server.telemetry.operation_metrics._seconds": (512, 1_000),
    "store.feed.events._intern_words": (1_000, 8_000),
    "store.feed.events._share_exchanged_keys": (2_000, 8_000),
    "store.feed.events._share_keys": (2_000, 8_000),
}
PACKAGES = ("server", "schema", "execution", "resolvers", "loaders", "jobs", "store", "domain")


def _names_a_cache(node: ast.expr) -> bool:
    target = node.func if isinstance(node, ast.Call) else node
    return getattr(target, "id", getattr(target, "attr", "")) in {"lru_cache", "cache"}


def _cached_functions() -> set[str]:
    return {
        ".".join((*path.relative_to(ROOT).with_suffix("").parts, node.name))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and any(map(_names_a_cache, node.decorator_list))
    }


def test_every_cached_function_is_listed_here() -> None:
    assert _cached_functions() == set(CACHES), "add a new cache here, with what its entries take at most"


@pytest.mark.parametrize("name", CACHES)
def test_a_cache_takes_few_bytes(name: str) -> None:
    entries, bytes_of_an_entry = CACHES[name]
    module, _, function = name.rpartition(".")
    cached: Any = getattr(import_module(module), function)
    assert cached.cache_parameters()["maxsize"] in {entries, None}
    assert entries * bytes_of_an_entry <= MAX_BYTES
