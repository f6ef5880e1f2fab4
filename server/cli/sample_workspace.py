"""What administrators of the sample partner have made themselves: tags, views and helpdesk requests.

It is made through the API, in process, because imports cannot deliver it. Each mutation has an idempotency key, so that
an interrupted run is completed by the next one.
"""

from datetime import timedelta
from typing import Any

from domain.failures import OperatorError
from domain.types import PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.graphql.operations import Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import Administrators

_CREATE_TAG = "mutation ($input: CreateTagInput!) { createTag(input: $input) { tag { id } userErrors { message } } }"
_ASSIGN_TAGS = "mutation ($input: AssignTagsInput!) { assignTags(input: $input) { userErrors { message } } }"
_SAVE_VIEW = "mutation ($input: SaveCustomerViewInput!) { saveCustomerView(input: $input) { userErrors { message } } }"
_REQUEST_HELPDESK = """mutation ($input: RequestHelpdeskInput!) {
  requestHelpdesk(input: $input) { request { id } userErrors { message } }
}"""
_CLOSE_REQUEST = (
    "mutation ($input: CloseHelpdeskRequestInput!) { closeHelpdeskRequest(input: $input) { userErrors { message } } }"
)
# Name, color and description of a tag, and the filter of the customers that have it.
_TAGS = (
    ("Key account", "PURPLE", "Reviewed every quarter", {"product": ["REAL_TIME_TRANSLATIONS"]}),
    ("Onboarding", "GREEN", "In the first weeks of a trial", {"status": ["TRIAL"]}),
    ("Payment reminder", "RED", "Call before the service is switched off", {"status": ["SUSPENDED"]}),
    ("DACH", "BLUE", "Germany, Austria, Switzerland", {"country": ["DE", "AT", "CH"]}),
    ("Win back", "ORANGE", "Nothing is running any more", {"status": ["EXPIRED"]}),
    ("Pilot 2027", "TEAL", "No customer has it yet", None),
)
# Administrator, name and filter of a view, and whether it is shared.
_VIEWS: tuple[tuple[str, str, dict[str, Any], bool], ...] = (
    ("full", "Needs a call today", {"status": ["SUSPENDED", "LICENSE_OVERAGE", "EXPIRING_SOON"]}, True),
    ("full", "Trials that end within two weeks", {"status": ["TRIAL"], "expiresWithinDays": 14}, True),
    ("full", "Calling without Meetings", {"product": ["CALLING"], "not": {"product": ["MEETINGS"]}}, False),
    ("admin", "Nobody has signed in", {"status": ["NO_RECENT_ACTIVITY"]}, False),
    ("admin", "My orders to set up", {"status": ["READY_FOR_ORDER_SETUP"]}, True),
)
# Administrator, topic, subject and message of a request, and whether it is closed.
_REQUESTS = (
    ("admin", "CALLING", "Queue calls overflow on Mondays", "Two queues overflow between 8:00 and 9:00.", False),
    ("readonly", "OTHER", "Invoice with two addresses", "Which of the two addresses is printed?", True),
    ("helpdesk", "CONTACT_CENTER", "Hours of the support", "Until when can an agent be moved today?", False),
)


async def make_workspace(client: Client, partner_id: str) -> None:
    """Create the tags, views and helpdesk requests of the sample, and put the tags on customers."""
    workspace = _Workspace(client, partner_id)
    for name, color, description, customers in _TAGS:
        await workspace.make_tag({"name": name, "color": color, "description": description}, customers)
    for owner, name, matching, is_shared in _VIEWS:
        await workspace.mutate(owner, _SAVE_VIEW, f"view {name}", name=name, filter=matching, shared=is_shared)
    for author, topic, subject, message, is_closed in _REQUESTS:
        fields = {"topic": topic, "subject": subject, "message": message}
        made = await workspace.mutate(author, _REQUEST_HELPDESK, f"request {subject}", **fields)
        if is_closed:
            await workspace.mutate("full", _CLOSE_REQUEST, f"close {subject}", id=made["request"]["id"])


class _Workspace:
    """Runs mutations as administrators of one partner."""

    def __init__(self, client: Client, partner_id: str) -> None:
        self._client = client
        self._partner_id = partner_id
        self._operations = Operations(build_schema())

    async def make_tag(self, fields: dict[str, Any], matching: dict[str, Any] | None) -> None:
        """Create a tag and put it on the customers that match."""
        tag = (await self.mutate("full", _CREATE_TAG, f"tag {fields['name']}", **fields))["tag"]
        if matching is not None:
            customers = {"matching": matching}
            await self.mutate("full", _ASSIGN_TAGS, f"assign {fields['name']}", tags=[tag["id"]], customers=customers)

    async def mutate(self, administrator: str, text: str, key: str, **fields: Any) -> dict[str, Any]:
        """Return the payload of a mutation; raise OperatorError where it reports an error."""
        variables = {"input": {**fields, "idempotencyKey": f"sample {key}"}}
        operation = self._operations.prepare(text, None, variables)
        response = await self._operations.execute(operation, variables, await self._context(administrator))
        if "errors" in response:
            raise OperatorError(f"The sample's {key!r} was not made: {response['errors'][0]['message']}")
        payload: dict[str, Any] = next(iter(response["data"].values()))
        if payload["userErrors"]:
            raise OperatorError(f"The sample's {key!r} was not made: {payload['userErrors'][0]['message']}")
        return payload

    async def _context(self, name: str) -> Context:
        now = utc_now()
        administrator = await Administrators(Scope(self._client, self._partner_id, now)).by_email(
            f"{name}@partner.example"
        )
        if administrator is None:
            raise OperatorError(f"The sample partner has lost {name}@partner.example: empty the data directory.")
        role = PartnerRole(administrator.role)
        scope = Scope(self._client, self._partner_id, now, administrator_id=administrator.id, role=role)
        return Context(scope, Viewer(administrator, self._partner_id, now + timedelta(minutes=5)))
