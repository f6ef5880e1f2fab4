"""A mutation says when it took place, and who shows that is served nothing older."""

import httpx
import pytest

from server.http.graphql import SEEN_HEADER
from tests.api_server import ApiHarness
from tests.schema.factory_mutations import accept_terms, token_of

CREATE = 'mutation { createTag(input: {name: "Gold"}) { tag { id } } }'


@pytest.mark.parametrize("header", ["", "1", "99999999999999999999", "made up", "-1"])
def test_a_mutation_answers_its_operation_time_and_any_header_is_taken(api: ApiHarness, header: str) -> None:
    accept_terms(api)
    headers = {"Authorization": f"Bearer {token_of(api, 'FULL_ADMINISTRATOR')}"}
    answer = httpx.post(f"{api.url}/graphql", json={"query": CREATE}, headers=headers, verify=False)
    seen = answer.json()["extensions"]["seen"]
    assert answer.headers[SEEN_HEADER] == seen and int(seen) > 1 << 60
    query = {"query": "{ viewer { administrator { role } } }"}
    read = httpx.post(f"{api.url}/graphql", json=query, headers={**headers, SEEN_HEADER: header}, verify=False)
    assert read.status_code == 200 and SEEN_HEADER not in read.headers and "extensions" not in read.json()
