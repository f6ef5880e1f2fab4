"""What a customer shows: each field, and each relation."""

from tests.api_server import Api


def test_smoke(api: Api) -> None:
    full = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    print(api.ask(full, "{ viewer { administrator { email role seesAllCustomers } partner { name services { product enabled customers } setup { state nextStep { key title} steps { key completedAt } plan { product } } settings { trialDays } } permissions } customers { nodes { name } } feedCursor }"))
