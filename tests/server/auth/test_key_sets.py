"""Key sets of issuers: which keys are used, and what is said about a set without any."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from server.auth.key_sets import MAX_KEYS, InvalidKeySet, parse_key_set
from tests.server.auth.factory_tokens import new_key, public_part

RSA, EC, ED = (public_part(new_key(key_type)) for key_type in ("RSA", "EC", "OKP"))
USABLE = public_part(new_key(kid="usable"))


def ids(*entries: Any) -> set[str]:
    """Return the ids of the keys that are used, beside one that always is."""
    return set(parse_key_set({"keys": [*entries, USABLE]})) - {"usable"}


@pytest.mark.parametrize(
    "entry",
    [
        *(RSA, EC, ED),
        *({**RSA, "alg": "RS256"}, {**EC, "alg": "ES256"}, {**ED, "alg": "EdDSA"}, {**ED, "alg": "Ed25519"}),
        {**RSA, "use": "sig", "key_ops": ["verify"]},
        {**EC, "x5c": ["no certificate"], "x5t": 5, "unknown": {}},
        {**ED, "kid": "k" * 200},
    ],
)
def test_uses_keys_of_the_accepted_algorithms(entry: dict[str, Any]) -> None:
    assert ids(entry) == {entry["kid"]}


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 1, "key", [], {}),
        *({**RSA, "kid": kid} for kid in (None, 1, "", "k" * 201, ["k"])),
        *({**RSA, "use": use} for use in ("enc", "", None, 1)),
        *({**RSA, "alg": alg} for alg in ("RS512", "PS256", "HS256", "none", "", 1)),
        *({**EC, "alg": alg} for alg in ("ES512", "RS256", "EdDSA")),
        *({**ED, "alg": alg} for alg in ("Ed448", "ES256")),
        *({**EC, "crv": crv} for crv in ("P-384", "secp256k1", "Ed25519", None)),
        *({**ED, "crv": crv} for crv in ("Ed448", "X25519", "P-256", None)),
        *({**RSA, "kty": kty} for kty in ("oct", "EC", "rsa", None)),
        *({**RSA, "n": n} for n in (None, "", "AQAB", "!", 5)),
        *({**EC, "x": x} for x in (None, "", EC["y"], "!")),
        *({**ED, "x": x} for x in (None, "", "AQ", 5)),
        {name: value for name, value in RSA.items() if name != "e"},
        {name: value for name, value in EC.items() if name != "y"},
        {"kty": "oct", "kid": "k", "k": "c2VjcmV0"},
    ],
)
def test_leaves_out_every_other_entry(entry: Any) -> None:
    assert ids(entry) == set()


def modulus(bits: int) -> str:
    return urlsafe_b64encode((2**bits - 1).to_bytes((bits + 7) // 8)).rstrip(b"=").decode()


def test_rsa_keys_are_neither_short_nor_expensive() -> None:
    # The length alone decides: nothing is computed with such keys.
    assert ids(*({**RSA, "kid": str(bits), "n": modulus(bits)} for bits in (512, 2047, 2048, 8192, 8193))) == {
        "2048",
        "8192",
    }


def test_private_parts_are_not_read() -> None:
    key = parse_key_set({"keys": [new_key(kid="k")]})["k"]
    assert not key.is_private


def test_the_first_of_two_keys_with_one_id_counts() -> None:
    keys = parse_key_set({"keys": [{**EC, "kid": "k"}, {**ED, "kid": "k"}]})
    assert {id_: key.key_type for id_, key in keys.items()} == {"k": "EC"}


@pytest.mark.parametrize("document", [None, [], "keys", 1, {}, {"keys": None}, {"keys": {}}, {"keys": "k"}])
def test_what_is_no_key_set_is_named(document: object) -> None:
    with pytest.raises(InvalidKeySet, match="it is no key set"):
        parse_key_set(document)


def test_a_set_has_at_most_a_hundred_keys_and_one_that_is_used() -> None:
    assert set(parse_key_set({"keys": [USABLE] * MAX_KEYS})) == {"usable"}
    with pytest.raises(InvalidKeySet, match="it has 101 keys, at most 100"):
        parse_key_set({"keys": [USABLE] * (MAX_KEYS + 1)})
    for entries in ([], [{"kty": "oct", "kid": "k", "k": "c2VjcmV0"}]):
        with pytest.raises(InvalidKeySet, match="no key with a `kid`"):
            parse_key_set({"keys": entries})
