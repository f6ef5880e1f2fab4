"""The roles and their permissions, as every administrator reads them."""

import pytest

from domain.permissions import ROLE_PERMISSIONS
from domain.types import PartnerRole
from tests.api_server import ApiHarness
from tests.schema.factory_mutations import ROLES, token_of


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_what_each_role_may_do(api: ApiHarness, role: str) -> None:
    query = "{ roles { role description permissions seesAllCustomers } viewer { permissions } }"
    data = api.execute_data(token_of(api, role), query)
    shown = {each["role"]: each for each in data["roles"]}
    assert list(shown) == [str(each) for each in PartnerRole]
    assert shown[role]["permissions"] == data["viewer"]["permissions"]
    assert shown == {
        str(each): {
            "role": str(each),
            "description": shown[str(each)]["description"],
            "permissions": [str(permission) for permission in ROLE_PERMISSIONS[each]],
            "seesAllCustomers": each is not PartnerRole.ADMINISTRATOR,
        }
        for each in PartnerRole
    }
    assert all(each["description"].endswith(".") for each in shown.values())
