"""The keys of the installations that tests run: servers and tests on one database have the same."""

from pydantic import SecretStr

from server.auth.keys import parse_keys

# Base64 of an Ed25519 private key in PKCS #8, as PARTNERHUB_SIGNING_KEY takes it.
SIGNING_KEY = "MC4CAQAwBQYDK2VwBCIEILyx1kIHC05CPVkViw1RXr6uouFXShcAaIR/KCw4ACai"
SIGNING_KEY_SETTING = {"signing_key": SecretStr(SIGNING_KEY)}
KEYS = parse_keys(SIGNING_KEY)
