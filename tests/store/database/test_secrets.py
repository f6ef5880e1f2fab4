"""The installation's secrets are made once, however many processes begin at the same moment."""

from asyncio import gather
from datetime import datetime

from server.auth.tokens import LocalIssuer, sign_token
from server.auth.verifier import TokenVerifier
from store.database.client import Client
from store.database.secrets import load_cursor_secret, load_signing_key

NOW = datetime(2026, 11, 22)


async def test_every_process_meets_the_same_key(client: Client, mongo_uri: str, database_name: str) -> None:
    others = [Client(mongo_uri, database_name) for _ in range(4)]
    keys = await gather(*(load_signing_key(one) for one in [client, *others] * 4))
    secrets = await gather(*(load_cursor_secret(one) for one in [client, *others] * 4))
    for one in others:
        await one.close()
    assert len({key["kid"] for key in keys}) == len(set(secrets)) == 1
    assert (len(secrets[0]), await load_cursor_secret(client)) == (32, secrets[0])
    token = sign_token(keys[0], "acme", "adm_1", NOW)
    verifier = TokenVerifier([LocalIssuer(await load_signing_key(client))])
    assert (await verifier.verify(token, NOW)).partner_id == "acme"
