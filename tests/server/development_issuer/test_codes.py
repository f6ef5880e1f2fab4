"""Authorization codes: once, within a minute, for the client that has the verifier."""

from datetime import datetime, timedelta

import pytest

from server.development_issuer import codes as module
from server.development_issuer.authorization_requests import parse_authorization_request
from server.development_issuer.codes import AuthorizationCodes, InvalidGrant, Proof, challenge_of
from tests.server.development_issuer.factory_requests import ORIGINS, REQUEST, VERIFIER, pairs

NOW = datetime(2026, 11, 28, 12)
ASKED = parse_authorization_request(pairs(), ORIGINS)
PROOF = Proof(ASKED.client_id, ASKED.redirect_uri, VERIFIER)


def test_the_challenge_is_that_of_the_specification() -> None:
    # RFC 7636, appendix B.
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_code_is_used_once() -> None:
    codes = AuthorizationCodes()
    code, other = (codes.issue(ASKED, name, NOW) for name in ("adm_1", "adm_2"))
    assert codes.redeem(code, PROOF, NOW).administrator_id == "adm_1"
    assert codes.redeem(other, PROOF, NOW).administrator_id == "adm_2"
    for spent in (code, other, "", "unknown"):
        with pytest.raises(InvalidGrant, match="unknown, was used"):
            codes.redeem(spent, PROOF, NOW)


def test_a_code_lasts_for_less_than_a_minute() -> None:
    codes = AuthorizationCodes()
    first, second = (codes.issue(ASKED, "adm_1", NOW) for _ in range(2))
    assert codes.redeem(first, PROOF, NOW + timedelta(seconds=59.999)).request == ASKED
    with pytest.raises(InvalidGrant, match="older than a minute"):
        codes.redeem(second, PROOF, NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        (Proof("another", PROOF.redirect_uri, VERIFIER), "client_id"),
        (Proof(PROOF.client_id, "https://app.example.com/", VERIFIER), "redirect_uri"),
        *[
            (Proof(PROOF.client_id, PROOF.redirect_uri, verifier), "code_verifier")
            for verifier in ("", "w" * 43, "v" * 42, "v" * 129, "ü" * 43, REQUEST["code_challenge"], f"{VERIFIER}\n")
        ],
    ],
)
def test_a_failed_attempt_uses_the_code_up(proof: Proof, reason: str) -> None:
    codes = AuthorizationCodes()
    code = codes.issue(ASKED, "adm_1", NOW)
    for attempt, message in ((proof, reason), (PROOF, "was used")):
        with pytest.raises(InvalidGrant, match=message):
            codes.redeem(code, attempt, NOW)


def test_the_number_of_codes_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CODES", 3)
    codes = AuthorizationCodes()
    issued = [codes.issue(ASKED, f"adm_{number}", NOW) for number in range(5)]
    assert len(codes) == 3 and codes.redeem(issued[-1], PROOF, NOW).administrator_id == "adm_4"
    codes.issue(ASKED, "adm_6", NOW + timedelta(minutes=1))
    assert len(codes) == 1
