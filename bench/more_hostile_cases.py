"""More hostile requests for bench/hostile.py: shapes that are expensive to compile, plan, filter, pack or deliver."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench import hostile_bursts, hostile_inputs, hostile_mutations
from bench.hostile_cases import Case, first_cases, got, graphql, imported, nested, posted, raw, socket, streamed, times

# The documents of the manifest with which the server of the cases runs.
TRUSTED: Mapping[str, str] = {
    "page": "query($n:Int){customers(first:$n){nodes{name tags{name} subscriptions{number}}}}",
    "search": "query($f:CustomerFilter){customers(filter:$f){totalCount facets{status{count}}}}",
    "introspection": "{__schema{types{name description fields{name description args{name} type{name}}}}}",
}
_PAGE = "{customers(first:200){nodes{%s}}}"
_COUNT = "query($f:CustomerFilter){customers(filter:$f){totalCount}}"


def write_manifest(folder: Path) -> None:
    """Write the manifest of the trusted documents."""
    (folder / "documents.json").write_text(json.dumps(TRUSTED))


def _compiled() -> Iterator[Case]:
    inner = "name externalId domain country tags{id name} subscriptions{number state} nextExpiryAt"
    yield graphql("compiled: roots with relations", "{%s}" % times(9, f"c#:customers(first:1){{nodes{{{inner}}}}}"))
    types = "...on Customer{name tags{name}}...on Tag{name}...on Subscription{number}"
    yield graphql(
        "compiled: nodes of three types", "{%s}" % times(29, f'n#:node(id:"@CUSTOMER"){{__typename {types}}}')
    )
    names = " ".join(f"$c{n}:Boolean!" for n in range(40))
    fields = times(40, "a#:name @include(if:$c#) b#:tags @skip(if:$c#){name}")
    values = {f"c{n}": n % 3 == 0 for n in range(40)}
    yield graphql("compiled: 40 conditions", f"query({names}){{customers(first:200){{nodes{{{fields}}}}}}}", **values)
    spreads = times(60, "fragment F# on Customer{a#:name b#:tags{name}}")
    yield graphql("compiled: 60 fragments", _PAGE % times(60, "...F#") + spreads)
    yield graphql("compiled: 200 aliases of a relation", _PAGE.replace("200", "5") % times(100, "a#:tags{id}"))
    doubling = " ".join(f"fragment F{n} on Query{{...F{n + 1} ...F{n + 1}}}" for n in range(14))
    yield graphql("compiled: doubling fragments", "{...F0} %s fragment F14 on Query{__typename}" % doubling)
    yield graphql("compiled: dates", _PAGE % times(139, "a#:updatedAt"))
    yield graphql("compiled: sentences", _PAGE % times(4, "a#:statusDetails{status reason since}"))


def _filters() -> Iterator[Case]:
    deep: Any = {"search": "a"}
    for _ in range(400):
        deep = {"not": deep}
    yield graphql("filters: 400 times not", _COUNT, f=deep)
    wide = {"anyOf": [{"allOf": [{"search": f"w{n}"}, {"hasTags": bool(n % 2)}]} for n in range(120)]}
    yield graphql("filters: 120 alternatives", _COUNT, f=wide)
    powers: Any = {"search": "name"}
    for _ in range(9):
        powers = {"anyOf": [powers, {"not": powers}]}
    yield graphql("filters: doubling alternatives", _COUNT, f=_cut(powers))
    yield graphql("filters: 240 filters of a new shape", _COUNT, f=_tree(7, "not"))
    many = times(10, 'c#:customers(filter:{search:"a#",hasTags:true}){totalCount facets{status{count} tag{count}}}')
    yield graphql("filters: facets of ten searches", "{%s}" % many)
    yield graphql("filters: short search", "{%s}" % times(29, 'c#:customers(filter:{search:"o"},first:1){nodes{name}}'))
    yield graphql("filters: a long cursor", '{customers(after:"%s"){totalCount}}' % ("QUFB" * 2_200))
    orders = ("NAME", "URGENCY", "CREATED_AT", "EXPIRES_AT")
    sorted_ = " ".join(
        f'o{n}:customers(first:1,orderBy:{{field:{order},direction:DESC}},filter:{{not:{{search:"x"}}}}){{nodes{{name}}}}'
        for n, order in enumerate(orders * 5)
    )
    yield graphql("filters: twenty orders", "{%s}" % sorted_)
    analytics = "l#:licenseAnalytics(product:MEETINGS){expiring(days:90){entitlements{totalCount nodes{number}}}}"
    yield graphql("filters: licence reports × aliases", "{%s}" % times(6, analytics))
    yield graphql("filters: activity × aliases", "{%s}" % times(23, "a#:activity{nodes{summary}}"))


def _tree(depth: int, name: str) -> Any:
    """Return a filter in which each filter holds two of other kinds."""
    if depth == 0:
        return {"search": "a"}
    if name == "not":
        return {"not": _tree(depth - 1, "anyOf"), "allOf": [_tree(depth - 1, "not")]}
    return {"anyOf": [_tree(depth - 1, "not"), _tree(depth - 1, "anyOf")]}


def _cut(filter_: Any) -> Any:
    """Return the filter as far as it fits into 9 kB."""
    while len(json.dumps(filter_)) > 9_000:
        filter_ = filter_["anyOf"][0]
    return filter_


def _documents() -> Iterator[Case]:
    page = json.dumps({"documentId": "page", "variables": {"n": 200}}).encode()
    yield posted("trusted: a page of 200", page)
    search = {"documentId": "search", "variables": {"f": {"tag": ["t"] * 900}}}
    yield posted("trusted: a filter of 900 tags", json.dumps(search).encode())
    yield posted("trusted: unknown id", json.dumps({"documentId": "none", "variables": {"v": "x" * 9_000}}).encode())
    stored = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    body = json.dumps({"query": "{" + "a " * 4_000 + "}", "extensions": stored}).encode()
    yield posted("trusted: a wrong hash of 8,000 bytes", body)
    yield got("trusted: introspection by GET", "/graphql", documentId="introspection")
    batch = [{"documentId": "page"} for _ in range(300)]
    yield posted("trusted: a batch", json.dumps(batch).encode())


def _packed() -> Iterator[Case]:
    enums = times(20, "e#:enumValues(includeDeprecated:true){name description}")
    for encoding in ("gzip", "br", "zstd", "gzip;q=0.1, br;q=1, zstd"):
        body = json.dumps({"query": "{__schema{types{%s}}}" % enums}).encode()
        yield posted(f"packed: 0.4 MB of introspection with {encoding[:12]}", body, Accept_Encoding=encoding)
    page = json.dumps({"query": _PAGE % times(20, "a#:name b#:externalId")}).encode()
    yield posted("packed: a page with br", page, Accept_Encoding="br")
    yield posted("packed: many members of gzip", gzip.compress(b" ") * 400, Content_Encoding="gzip")
    yield posted("packed: gzip of deep JSON", gzip.compress(b'{"variables":' + b"[" * 500_000), Content_Encoding="gzip")
    keys = b"{" + b",".join(b'"k%d":1' % n for n in range(60_000)) + b"}"
    yield posted("packed: gzip of 60,000 keys", gzip.compress(b'{"variables":' + keys + b"}"), Content_Encoding="gzip")


def _subscribe(number: int, query: str) -> dict[str, Any]:
    return {"id": str(number), "type": "subscribe", "payload": {"query": query}}


def _sockets() -> Iterator[Case]:
    texts = [times(14, f"a#_{n}:name") for n in range(25)]
    documents = [_subscribe(n, "{customers(first:1){nodes{%s}}}" % text) for n, text in enumerate(texts)]
    yield socket("sockets: 25 documents at once", *documents, operations=len(documents))
    heavy = "name tags{name customers(first:9){nodes{name}}} subscriptions{number} activity(first:9){nodes{summary}}"
    feeds = [
        _subscribe(n, "subscription{customerListChanged{a%d:cursor customer{%s}}}" % (n, heavy)) for n in range(34)
    ]
    tagged = 'Tags(input:{customers:{ids:["@CUSTOMER"]},tags:["@TAG"]}){changed}}'
    changes = [_subscribe(90 + n, f"mutation{{{verb}{tagged}") for n, verb in enumerate(("remove", "assign") * 2)]
    yield socket("sockets: 34 feeds and changes", *feeds, *changes, operations=len(feeds) + len(changes))
    churn = [
        each
        for n in range(50)
        for each in (_subscribe(n, "{customers(first:200){nodes{tags{name}}}}"), {"id": str(n), "type": "complete"})
    ]
    yield socket("sockets: 50 operations, completed at once", *churn)
    yield socket("sockets: the same id 100 times", *[_subscribe(1, "{customers(first:200){nodes{name}}}")] * 60)
    init = {"type": "connection_init", "payload": {"authorization": "Bearer x"}}
    yield socket("sockets: many inits", *[init] * 80)
    wrong = [_subscribe(n, "{" + times(60, "u#")) for n in range(24)]
    yield socket("sockets: 24 texts that do not parse", *wrong, operations=len(wrong))


_GET = b"GET /graphql?query=%%7Bcustomers(first:200)%%7Bnodes%%7Bname%%20a%d:tags%%7Bname%%7D%%7D%%7D%%7D HTTP/1.1\r\n"
_TOKEN = b"Host: hub\r\nAuthorization: Bearer @TOKEN\r\n"


def _connections() -> Iterator[Case]:
    pages = b"".join(_GET % n + _TOKEN + b"\r\n" for n in range(12))
    yield raw("connections: 12 pipelined pages", pages, is_answered=False)
    long = b"GET /livez HTTP/1.1\r\nHost: hub\r\nX-Request-Id: " + b"a" * 8_000 + b"\r\ntraceparent: " + b"0-" * 400
    yield raw("connections: a long request id", long + b"\r\n\r\n")
    page = b"GET /graphql?query=" + b"%7B" * 2_900 + b" HTTP/1.1\r\nHost: hub\r\nAccept: text/html\r\n\r\n"
    yield raw("connections: a page with a long query", page)
    yield raw("connections: escaped path", b"GET /" + b"%2e%2e%2f" * 900 + b" HTTP/1.1\r\nHost: hub\r\n\r\n")
    ranges = b"GET /graphiql/main.js HTTP/1.1\r\nHost: hub\r\nRange: bytes=" + b"0-1," * 2_000 + b"0-1\r\n\r\n"
    yield raw("connections: 2,000 ranges", ranges)
    yield streamed("streams: a page", _PAGE % "name tags{name} activity(first:5){nodes{summary}}")


def _imports() -> Iterator[Case]:
    keys = "{" + ",".join(f'"k{n}":1' for n in range(1_000)) + "}\n"
    yield imported("imports: unknown fields", "customers", keys.encode())
    assigned = json.dumps({"externalId": "ORG-1", "assigned": [f"a{n}@b.example" for n in range(400)]})
    yield imported("imports: 400 assigned", "customers", assigned.encode())
    deep = '{"externalId":"A","address":' + nested(900, '{"a":', "1") + "}"
    yield imported("imports: deep records", "customers", deep.encode())
    orders = b'{"number":"O-%d","customer":"ORG-1","placedAt":"2026-01-01T00:00:00Z"}\n'
    yield imported("imports: 100 orders", "orders", b"".join(orders % n for n in range(100)))
    usage = b'{"subscription":"S-1","day":"2026-11-01","product":"MEETINGS","assigned":1,"used":1}\n'
    yield imported("imports: 100 times the same day", "license-usage", usage * 100)


def _others() -> Iterator[Case]:
    spreads = times(14, "...G#")
    middle = " ".join(f"fragment F{n} on Query{{{spreads}}}" for n in range(13))
    last = times(14, "fragment G# on Query{a#:viewer{permissions}}")
    yield graphql("others: 13 × 14 crossing fragments", "{%s}" % times(13, "...F#") + middle + last)
    export = "e#:exportCustomers(input:{format:CSV}){url userErrors{code}}"
    yield graphql("others: 11 exports in one document", "mutation{%s}" % times(11, export))
    yield graphql(
        "others: webhooks that do not exist",
        "mutation{%s}" % times(11, 't#:testWebhook(input:{id:"w#"}){userErrors{code}}'),
    )
    packed = gzip.compress(gzip.compress(b'{"query":"{' + b"a " * 400_000 + b'}"}'))
    yield posted("others: gzip in gzip", packed, Content_Encoding="gzip, gzip")
    guesses = [{"id": str(n), "type": "subscribe", "payload": {"documentId": f"guess{n}"}} for n in range(90)]
    yield socket("others: 90 guesses of a document", *guesses, operations=len(guesses))
    yield raw("others: a query of 64 kB", b"GET /graphql?query=" + b"a" * 64_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n")
    form = (
        b"POST /graphql HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 8000\r\n" + _TOKEN
    )
    yield raw("others: a form of 1,000 parts", form + b"\r\n" + b"--b\r\n\r\na" * 889 + b"a" * 888)
    streams = b"GET /graphql/stream?query=subscription%7Bactivity%7Bcursor%7D%7D HTTP/1.1\r\n" + _TOKEN + b"\r\n"
    yield raw("others: eight streams in one connection", streams * 8, is_answered=False)
    yield graphql(
        "others: lists in a filter", _COUNT, f={"search": "x", "tag": ["1e308"] * 900, "country": ["ZZ"] * 90}
    )
    yield graphql("others: floats", "query($n:Int){customers(first:$n){totalCount}}", n=[1e308] * 900)


def all_cases() -> list[Case]:
    """Build the cases of bench/hostile_cases.py, of this module, and of the modules beside them."""
    groups = (_compiled, _filters, _documents, _packed, _sockets, _connections, _imports, _others)
    return [
        *first_cases(),
        *(case for group in groups for case in group()),
        *hostile_mutations.cases(),
        *hostile_inputs.cases(),
        *hostile_bursts.cases(),
    ]
