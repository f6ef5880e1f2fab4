"""The pages of the development sign-in: everything in them is escaped, and they cannot be used from elsewhere."""

from html.parser import HTMLParser

import pytest

from domain.types import PartnerRole
from server.development_issuer.authorization_requests import AuthorizationRequest, parse_authorization_request
from server.development_issuer.pages import choice_page, problem_page
from store.tenants.administrators import AdministratorDocument
from tests.server.development_issuer.factory_requests import ORIGINS, REQUEST, pairs
from tests.stored_documents import stored_administrator

MARKUP = "<script>\"'&"


class PageParser(HTMLParser):
    """Collects the elements of a page by their names, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += [data.strip()] if data.strip() else []

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def request(**changes: str | None) -> AuthorizationRequest:
    return parse_authorization_request(pairs(**changes), ORIGINS)


def administrator(number: int, name: str, role: PartnerRole = PartnerRole.ADMINISTRATOR) -> AdministratorDocument:
    return stored_administrator(f"adm_{number}", role, name, email=f"{number}@partner.example")


def choice(asked: AuthorizationRequest, *administrators: AdministratorDocument) -> PageParser:
    return PageParser(bytes(choice_page(asked, "Aurora", administrators).body).decode())


def test_the_form_sends_the_request_again() -> None:
    page = choice(request(administrator="adm_9", state=MARKUP), administrator(1, "Ada"))
    sent = {field["name"]: field["value"] for field in page.named("input")}
    assert sent == {**REQUEST, "state": MARKUP}
    assert [form.get("method") for form in page.named("form")] == ["post"]


def test_administrators_are_grouped_by_their_roles() -> None:
    full, reader = PartnerRole.FULL_ADMINISTRATOR, PartnerRole.READ_ONLY_ADMINISTRATOR
    page = choice(
        request(), administrator(1, "Ada", reader), administrator(2, "Bo", full), administrator(3, "Cy", full)
    )
    assert [section["aria-labelledby"] for section in page.named("section")] == [full, reader]
    assert [button["value"] for button in page.named("button")] == ["adm_2", "adm_3", "adm_1", ""]
    assert "Read-only administrator" in page.text


@pytest.mark.parametrize("hint", ["2@partner.example", "2@PARTNER.example"])
def test_the_hinted_administrator_has_the_focus(hint: str) -> None:
    page = choice(request(login_hint=hint), administrator(1, "Ada"), administrator(2, "Bo"))
    assert [button["value"] for button in page.named("button") if "autofocus" in button] == ["adm_2"]


@pytest.mark.parametrize("hint", [None, "", "3@partner.example"])
def test_without_a_known_hint_nobody_has_the_focus(hint: str | None) -> None:
    page = choice(request(login_hint=hint), administrator(1, "Ada"))
    assert not any("autofocus" in button for button in page.named("button"))


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ada Lovelace", "AL"),
        ("Ada", "A"),
        ("Ada Maria King", "AK"),
        ("田中 さくら", "田さ"),
        ("ada  king", "AK"),
        ("", ""),
    ],
)
def test_a_person_has_the_initials_of_the_first_and_the_last_name(name: str, initials: str) -> None:
    page = bytes(choice_page(request(), "Aurora", [administrator(1, name)]).body).decode()
    assert f'aria-hidden="true">{initials}</span><span class="person">' in page


def test_names_cannot_add_markup() -> None:
    page = choice_page(request(), MARKUP, [administrator(1, MARKUP)])
    parsed = PageParser(bytes(page.body).decode())
    assert parsed.named("script") == []
    assert parsed.text.count(f"Sign in to {MARKUP}") == 1 and MARKUP in parsed.text


def test_a_partner_without_administrators_is_explained() -> None:
    page = choice(request())
    assert "There is no such partner, or it has no administrators." in page.text
    assert [button["value"] for button in page.named("button")] == [""]


def test_the_form_may_lead_to_the_client_only_and_the_page_is_in_no_frame() -> None:
    policy = choice_page(request(), "Aurora", []).headers["content-security-policy"]
    assert "form-action 'self' https://app.example.com;" in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy


def test_a_problem_is_stated_and_leads_nowhere() -> None:
    page = problem_page(403, MARKUP)
    parsed = PageParser(bytes(page.body).decode())
    assert page.status_code == 403 and MARKUP in parsed.text
    assert not parsed.named("script") and not parsed.named("form")
    assert page.headers["cache-control"] == "no-store"
    assert "form-action 'self' ;" in page.headers["content-security-policy"]
