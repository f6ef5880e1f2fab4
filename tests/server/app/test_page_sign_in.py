"""How pages sign in, from the settings."""

from server.app.page_sign_in import page_sign_in
from server.app.settings import Settings


def test_without_an_issuer_tokens_are_pasted() -> None:
    assert page_sign_in(Settings()) is None


def test_the_development_sign_in_is_a_path_of_this_server() -> None:
    sign_in = page_sign_in(Settings(development_sign_in="sample"))
    assert sign_in is not None
    assert (sign_in.authority, sign_in.origins) == ("/development-sign-in", ())


def test_an_issuer_has_parameters_and_origins() -> None:
    settings = Settings(
        sign_in_issuer="https://id.example/tenant/",
        sign_in_client_id="hub",
        sign_in_parameters="audience=https://api.example&prompt=login",
        sign_in_origins="https://tokens.example/, https://id.example",
    )
    sign_in = page_sign_in(settings)
    assert sign_in is not None
    assert sign_in.origins == ("https://id.example", "https://tokens.example")
    assert sign_in.for_page() == {
        "authority": "https://id.example/tenant/",
        "clientId": "hub",
        "scope": "openid profile email",
        "parameters": {"audience": "https://api.example", "prompt": "login"},
    }
