"""The installation's keys: read from PEM, rotated, and never part of a message."""

import subprocess
from datetime import datetime

import pytest
from joserfc.jwk import ECKey, OKPKey

from server.auth.keys import InstallationKeys, generate_key, parse_keys
from server.auth.tokens import LocalIssuer, sign_token
from server.auth.verifier import TokenVerifier
from tests.installation_keys import KEYS, SIGNING_KEY

NOW = datetime(2026, 11, 22)
OTHER = generate_key()


def base64_of(pem: str) -> str:
    return "".join(pem.splitlines()[1:-1])


def test_one_key_is_the_same_in_every_form() -> None:
    pem = f"-----BEGIN PRIVATE KEY-----\n{SIGNING_KEY}\n-----END PRIVATE KEY-----\n"
    for text in (SIGNING_KEY, f" {SIGNING_KEY}\n", pem, pem.replace("\n", "\r\n"), f"A comment\n{pem}and more"):
        assert parse_keys(text) == KEYS


def test_reads_the_key_of_the_documented_command() -> None:
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, text=True, check=True)
    assert len(parse_keys(made.stdout).keys) == 1


@pytest.mark.parametrize("former", [OTHER, base64_of(OTHER)], ids=["PEM", "one line"])
async def test_after_a_rotation_the_first_key_signs_and_the_others_verify(former: str) -> None:
    new = generate_key()
    rotated = parse_keys(new + former if former == OTHER else f"{base64_of(new)}, {former}")
    former_keys, verifier = parse_keys(OTHER), TokenVerifier([LocalIssuer(rotated.public)])
    for keys in (former_keys, rotated):
        claims = await verifier.verify(sign_token(keys.signing, "acme", "adm_1", NOW), NOW)
        assert claims.partner_id == "acme"
    assert rotated.signing == parse_keys(new).signing
    assert rotated.cursor_secrets == (*parse_keys(new).cursor_secrets, *former_keys.cursor_secrets)


def test_the_secrets_differ_by_key_and_use() -> None:
    secrets = {each for keys in (KEYS, parse_keys(OTHER)) for each in (*keys.cursor_secrets, *keys.launch_secrets)}
    assert len(secrets) == 4
    assert {len(secret) for secret in secrets} == {32}


P256 = ECKey.generate_key("P-256").as_pem(private=True).decode()
X25519 = OKPKey.generate_key("X25519").as_pem(private=True).decode()
PUBLIC = OKPKey.generate_key("Ed25519").as_pem(private=False).decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *[(text, "no private key in the form of PEM") for text in ("", " ", "hunter2!", PUBLIC, "a,", "ü")],
        *[(text, "not of the kind Ed25519") for text in ("hunter2", P256, X25519, OTHER + P256, base64_of(PUBLIC))],
        (OTHER + OTHER, "the same key twice"),
    ],
    # Workers must collect equal names: the keys differ in each of them.
    ids=lambda value: None if len(value) < 40 else "key",
)
def test_another_text_is_refused_without_being_repeated(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        parse_keys(text)
    assert "hunter2" not in str(refused.value)


def test_the_text_of_the_object_contains_no_key() -> None:
    assert repr(KEYS) == "InstallationKeys()" and isinstance(KEYS, InstallationKeys)
    assert all("d" not in key for key in KEYS.public)
