"""The keys of the installations that tests run: servers and tests on one database have the same."""

from typing import Any

from server.auth.keys import parse_keys
from server.operator_input import Secret

# Base64 of an Ed25519 private key in PKCS #8, as PARTNERHUB_SIGNING_KEY takes it.
SIGNING_KEY = "MC4CAQAwBQYDK2VwBCIEILyx1kIHC05CPVkViw1RXr6uouFXShcAaIR/KCw4ACai"
SIGNING_KEY_SETTING: dict[str, Any] = {"signing_key": Secret(SIGNING_KEY)}
KEYS = parse_keys(SIGNING_KEY)
