"""Hostile requests of less than 10 kB, and hostile connections, for bench/hostile.py: names, and the bytes to send.

To add a case, add a line: `graphql` takes an operation and variables, `imported` a kind and the bytes of a body, `raw`
bytes of a connection, `socket` messages of a websocket after connection_init.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the requests of a caller need: tokens, the id of a customer and of a tag, and the ids of 200 customers."""

    api: str
    restricted: str
    imports: str
    customer: str
    tag: str
    customers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One connection; `is_answered` is false where the server may wait for more, `operations` counts the executed.

    With several `connections`, all send the same at once, each with its number in the place of @NUMBER.
    In the `seconds` after the answer, jobs do their part; each of their batches is one of the operations.
    """

    name: str
    build: Callable[[Tokens], bytes]
    is_answered: bool = True
    operations: int = 1
    seconds: float = 0.0
    connections: int = 1


def graphql(name: str, query: str, *, is_restricted: bool = False, **variables: Any) -> Case:
    """Return a POST of an operation; @CUSTOMER and @TAG in variables stand for ids, @CUSTOMERS for a list of them."""
    body = json.dumps({"query": query, "variables": variables} if variables else {"query": query}).encode()
    return posted(name, body, is_restricted=is_restricted)


def posted(name: str, body: bytes, *, is_restricted: bool = False, **headers: str) -> Case:
    """Return a POST to /graphql with any body."""

    def build(tokens: Tokens) -> bytes:
        content = body.replace(b'"@CUSTOMERS"', json.dumps(tokens.customers).encode())
        content = content.replace(b"@CUSTOMER", tokens.customer.encode()).replace(b"@TAG", tokens.tag.encode())
        token = tokens.restricted if is_restricted else tokens.api
        return post("/graphql", content, token, Content_Type="application/json", **headers)

    return Case(name, build)


def imported(name: str, kind: str, body: bytes, **headers: str) -> Case:
    """Return a POST of lines to /import/KIND."""
    return Case(name, lambda tokens: post(f"/import/{kind}", body, tokens.imports, **headers))


def raw(name: str, data: bytes, *, is_answered: bool = True) -> Case:
    """Return the bytes of a connection; @TOKEN stands for a token of the API."""
    return Case(name, lambda tokens: data.replace(b"@TOKEN", tokens.api.encode()), is_answered)


def socket(name: str, *messages: Any, repeat: int = 1, operations: int = 1) -> Case:
    """Return a websocket with connection_init and these messages; one of bytes is sent as a frame, as it is."""

    def build(tokens: Tokens) -> bytes:
        init = text_frame({"type": "connection_init", "payload": {"authorization": f"Bearer {tokens.api}"}})
        frames = [message if isinstance(message, bytes) else _filled_frame(message, tokens) for message in messages]
        return HANDSHAKE.encode() + init + b"".join(frames) * repeat

    return Case(name, build, is_answered=False, operations=operations)


def _filled_frame(message: Any, tokens: Tokens) -> bytes:
    text = json.dumps(message).replace("@CUSTOMER", tokens.customer).replace("@TAG", tokens.tag)
    return frame(0x81, text.encode())


def text_frame(message: Any) -> bytes:
    """Return a message as a masked frame; a mask of zeros leaves it unchanged."""
    return frame(0x81, json.dumps(message).encode())


def frame(first_byte: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    else:
        length = b"\xfe" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xff" + size.to_bytes(8, "big")
    return bytes([first_byte]) + length + bytes(4) + payload


def post(path: str, body: bytes, token: str, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: hub", f"Authorization: Bearer {token}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def times(number: int, text: str, separator: str = " ") -> str:
    """Return the text a number of times, with each # replaced by the number of its turn."""
    return separator.join(text.replace("#", str(turn)) for turn in range(number))


def nested(number: int, begin: str, inner: str, end: str = "}") -> str:
    return begin * number + inner + end * number


def _introspection() -> Iterator[Case]:
    names = times(12, "n#:name")
    yield graphql(
        "introspection: types × fields × names", "{__schema{%s}}" % times(20, f"t#:types{{fields{{{names}}}}}")
    )
    yield graphql("introspection: aliased roots", "{%s}" % times(25, "s#:__schema{types{fields{name type{name}}}}"))
    inner = "{name fields{name args{name type{name ofType{name}}}}}"
    yield graphql("introspection: __type × aliases", "{%s}" % times(29, f't#:__type(name:"Query"){inner}'))
    chain = nested(4, "fields{type{", "name", "}}")
    yield graphql("introspection: nested types", "{__schema{types{%s}}}" % chain)
    yield graphql("introspection: ofType", "{__schema{types{fields{type{%s}}}}}" % nested(9, "ofType{", "name"))
    for number in (20, 40):
        of_enums = times(number, "e#:enumValues(includeDeprecated:true){name description}")
        yield graphql(f"introspection: enum values × {number} aliases", "{__schema{types{%s}}}" % of_enums)
    fragments = times(10, "fragment F# on __Type{fields{type{name}}}")
    yield graphql("introspection: fragments", "{__schema{types{%s}}} %s" % (times(10, "...F#"), fragments))
    yield graphql("introspection: possible types", "{__schema{types{possibleTypes{interfaces{fields{name}}}}}}")
    yield graphql("introspection: directives", "{__schema{%s}}" % times(60, "d#:directives{args{name type{name}}}"))


def _pages() -> Iterator[Case]:
    page = "customers(first:200){nodes{name}}"
    row = "nodes{id name statuses tags{name} subscriptions{number licenses{total}} assignments{administrator{email}}}"
    yield graphql("pages: tags × customers × tags", "{tags{customers(first:200){nodes{tags{name}}}}}")
    yield graphql("pages: aliased", "{%s}" % times(29, f"a#:{page}"))
    yield graphql("pages: aliased rows", "{%s}" % times(12, f"a#:customers(first:200){{{row}}}"))
    yield graphql("pages: one full row", "{customers(first:200){%s}}" % row)
    yield graphql("pages: tags of customers of tags", "{tags{customers{nodes{tags{customers{nodes{name}}}}}}}")
    yield graphql(
        "pages: activity of 200 customers", "{customers(first:200){nodes{activity(first:200){nodes{summary}}}}}"
    )
    yield graphql(
        "pages: customers of activity",
        "{activity(first:200){nodes{customer{tags{name} activity(first:20){nodes{customer{name}}}}}}}",
    )
    trends = times(6, "t#:licenseTrend(product:MEETINGS,weeks:52){weekStart}")
    yield graphql("pages: trends of 200 customers", "{customers(first:200){nodes{%s}}}" % trends)
    yield graphql(
        "pages: facets × aliases", "{%s}" % times(10, "c#:customers{totalCount facets{status{value count} tag{count}}}")
    )
    yield graphql("pages: totals × aliases", "{%s}" % times(29, 'c#:customers(filter:{search:"c#"}){totalCount}'))
    yield graphql("pages: views", "{customerViews{customers(first:200){nodes{tags{name}}}}}")
    yield graphql("pages: nodes", "query($i:[ID!]!){nodes(ids:$i){...on Customer{tags{name}}}}", i=["@CUSTOMER"] * 190)
    many = times(29, "n#:nodes(ids:$i){...on Customer{name tags{name}}}")
    yield graphql("pages: nodes × aliases", "query($i:[ID!]!){%s}" % many, i=["@CUSTOMER"] * 150)
    yield graphql("pages: kpis × aliases", "{%s}" % times(10, "k#:kpis{nearingExpiration{customers{nodes{name}}}}"))
    yield graphql("pages: aliases of one field", "{customers(first:200){nodes{%s}}}" % times(400, "a#:name"))
    yield graphql("pages: typename × aliases", "{customers(first:200){nodes{%s}}}" % times(600, "a#:__typename"))


def _errors() -> Iterator[Case]:
    forbidden = times(20, "f#:activity(first:1){nodes{summary}}")
    lists = times(29, f"l#:customers(first:200){{nodes{{{forbidden}}}}}")
    yield graphql("errors: lists × forbidden fields", "{%s}" % lists, is_restricted=True)
    one = "{customers(first:200){nodes{%s}}}" % times(100, "f#:activity{nodes{summary}}")
    yield graphql("errors: one list × forbidden fields", one, is_restricted=True)
    wrong = times(40, "w#:callingTrend(weeks:99){weekStart}")
    yield graphql("errors: wrong arguments × rows", "{customers(first:200){nodes{%s}}}" % wrong)
    yield graphql("errors: unknown fields", "{%s}" % times(1_000, "u#"))
    for number in (200, 900):
        yield graphql(f"errors: {number} unknown fragments", "{%s}" % times(number, "...u#"))
    yield graphql("errors: unknown variables", "{%s}" % times(180, "n#:node(id:$u#){id}"))
    yield graphql("errors: wrong values", "{%s}" % times(25, "c#:customers(filter:{status:[A,B,C,D,E,F]}){totalCount}"))
    yield graphql("errors: wrong cursors", "{%s}" % times(29, 'c#:customers(after:"wrong#"){totalCount}'))
    yield graphql(
        "errors: wrong variable",
        "query($f:CustomerFilter){customers(filter:$f){totalCount}}",
        f={"status": ["X"] * 1_500},
    )
    yield graphql(
        "errors: unknown input fields",
        "query($f:CustomerFilter){customers(filter:$f){totalCount}}",
        f={f"u{n}": 1 for n in range(900)},
    )


def _documents() -> Iterator[Case]:
    yield graphql("documents: deep", nested(1_500, "{a", ""))
    yield graphql("documents: deep lists", "{node(id:%s1%s){id}}" % ("[" * 4_000, "]" * 4_000))
    yield graphql("documents: deep objects", "{customers(filter:%s1%s){totalCount}}" % ("{search:" * 900, "}" * 900))
    chain = times(200, "fragment F# on Query{...G#}") + times(200, "fragment G# on Query{__typename}")
    yield graphql("documents: fragments", "{...F0} " + chain)
    doubling = " ".join(f"fragment F{n} on Query{{...F{n + 1} ...F{n + 1}}}" for n in range(250))
    yield graphql("documents: doubling fragments", "{...F0} %s fragment F250 on Query{__typename}" % doubling)
    yield graphql("documents: fragment circle", "{...A} fragment A on Query{...B} fragment B on Query{...A}")
    for number in (200, 900):
        spreads = times(number, "...F")
        yield graphql(f"documents: {number} spreads of a fragment", "{%s} fragment F on Query{__typename}" % spreads)
    yield graphql("documents: same names", "{%s}" % times(450, "node{name}"))
    yield graphql("documents: same names with arguments", "{%s}" % times(300, 'node(id:"a"){id}'))
    inline = nested(13, "...on Query{", times(60, "__typename"))
    yield graphql("documents: inline fragments", "{%s}" % inline)
    yield graphql("documents: directives", "{__typename %s}" % times(700, "@skip(if:false)"))
    for number in (200, 900):
        yield graphql(f"documents: {number} unknown directives", "{__typename %s}" % times(number, "@u#"))
    yield graphql("documents: variables", "query(%s){__typename}" % times(600, "$v#:ID"))
    yield graphql("documents: operations", times(500, "query Q#{__typename}"))
    yield graphql("documents: tokens", "{%s}" % times(4_500, "a"))
    yield graphql("documents: commas", "{__typename%s}" % ("," * 9_000))
    yield graphql("documents: comments", "%s{__typename}" % ("#\n" * 4_000))
    yield graphql("documents: block string", '{node(id:"""%s"""){id}}' % ("\n " * 4_000))
    yield graphql("documents: escapes", '{node(id:"%s"){id}}' % ("\\u0301" * 1_200))
    yield graphql("documents: a number of 9,000 digits", "{customers(first:%s){totalCount}}" % ("9" * 9_000))
    yield graphql("documents: a fraction of 9,000 digits", "{customers(first:0.%s){totalCount}}" % ("9" * 9_000))
    yield graphql("documents: an exponent", "{customers(first:1e999999999){totalCount}}")
    yield graphql("documents: root fields", "{%s}" % times(600, "v#:viewer{id}"))


_CREATE_TAG = "mutation($n:String!){createTag(input:{name:$n}){userErrors{code}}}"
_SUBJECT = 'mutation($s:String!){requestHelpdesk(input:{topic:OTHER,subject:$s,message:"m"}){userErrors{code}}}'
_SEARCH = "query($s:String!){customers(filter:{search:$s}){totalCount}}"


def _texts() -> Iterator[Case]:
    marks = {
        "combining marks": "a" + "\u0301" * 1_500,
        "mixed marks": "\u0345\u0301" * 800,
        "joiners": "\u200d" * 1_500,
    }
    marks |= {"Hangul": "\u1100\u1161\u11a8" * 500, "ligatures": "\ufdfa" * 1_500, "emoji": "👩‍👩‍👧‍👦" * 120}
    for name, text in marks.items():
        yield graphql(f"texts: {name} in a tag", _CREATE_TAG, n=text)
        yield graphql(f"texts: {name} in a subject", _SUBJECT, s=text)
        yield graphql(f"texts: {name} in a search", _SEARCH, s=text)
    body = json.dumps({"query": _CREATE_TAG, "variables": {"n": "a" + "\u0301" * 4_400}}, ensure_ascii=False)
    yield posted("texts: 9 kB of combining marks", body.encode())
    yield graphql("texts: words in a search", _SEARCH, s=times(1_500, "w#"))
    yield graphql("texts: lone surrogate", _CREATE_TAG, n="\ud800")


def _inputs() -> Iterator[Case]:
    lines = [{"product": "MEETINGS", "licenses": 1}] * 180
    payload = "{userErrors{code}}"
    start = 'startTrial(input:{customer:{id:"@CUSTOMER"},licenses:$l})'
    start = "mutation($l:[TrialLicensesInput!]!){%s%s}" % (start, payload)
    yield graphql("inputs: licence lines", start, l=lines)
    yield graphql("inputs: empty licence lines", start, l=[{}] * 2_200)
    assign = 'mutation($t:[ID!]!){assignTags(input:{customers:{ids:["@CUSTOMER"]},tags:$t}){userErrors{code}}}'
    yield graphql("inputs: tags", assign, t=["@TAG"] * 280)
    yield graphql("inputs: empty ids", assign, t=[""] * 2_400)
    yield graphql(
        "inputs: filter of 2,000 tags",
        "query($f:CustomerFilter){customers(filter:$f){totalCount}}",
        f={"tag": ["t"] * 2_000},
    )
    yield graphql(
        "inputs: countries", "query($f:CustomerFilter){customers(filter:$f){totalCount}}", f={"country": ["DE"] * 1_600}
    )
    deep: Any = 1
    for _ in range(800):
        deep = [deep]
    yield graphql("inputs: deep variable", "query($i:ID!){node(id:$i){id}}", i=deep)
    yield posted("inputs: body of 4,900 brackets", b"[" * 4_900 + b"]" * 4_900)
    yield posted("inputs: body of nested objects", b'{"a":' * 1_900)
    yield posted("inputs: batch", b"[" + b'{"query":"{__typename}"},' * 350 + b"{}]")
    yield posted(
        "inputs: a number of 9,000 digits",
        b'{"query":"query($f:Int){customers(first:$f){totalCount}}","variables":{"f":' + b"9" * 9_000 + b"}}",
    )
    yield posted("inputs: same keys", b'{"query":"{__typename}"' + b',"query":"{__typename}"' * 380 + b"}")
    yield posted(
        "inputs: unused variables",
        b'{"query":"{__typename}","variables":{' + b",".join(b'"v%d":1' % n for n in range(900)) + b"}}",
    )
    yield posted("inputs: gzip of 8 MB of blanks", gzip.compress(b" " * 8_000_000), Content_Encoding="gzip")
    yield posted(
        "inputs: gzip of a long query",
        gzip.compress(b'{"query":"{' + b"__typename " * 90_000 + b'}"}'),
        Content_Encoding="gzip",
    )
    yield posted("inputs: broken gzip", gzip.compress(b" " * 9_000_000)[:4_000], Content_Encoding="gzip")


def _imports() -> Iterator[Case]:
    yield imported(
        "imports: gzip of 5 MB of empty lines", "customers", gzip.compress(b"\n" * 5_000_000), Content_Encoding="gzip"
    )
    yield imported(
        "imports: gzip of 8 MB of blanks", "customers", gzip.compress(b" " * 8_000_000), Content_Encoding="gzip"
    )
    yield imported(
        "imports: gzip of one long text",
        "customers",
        gzip.compress(b'{"externalId":"' + b"a" * 6_000_000),
        Content_Encoding="gzip",
    )
    yield imported(
        "imports: gzip of wrong lines", "customers", gzip.compress(b"{}\n" * 400_000), Content_Encoding="gzip"
    )
    customer = b'{"externalId":"ORG-1","name":"X","managedBy":"PARTNER_ORGANIZATION"}\n'
    yield imported(
        "imports: gzip of one customer", "customers", gzip.compress(customer * 25_000), Content_Encoding="gzip"
    )
    items = b'{"items":[' + b"1," * 900_000 + b"1]}"
    yield imported("imports: gzip of items", "calls", gzip.compress(items), Content_Encoding="gzip")
    yield imported("imports: gzip of members", "customers", gzip.compress(b"") * 450, Content_Encoding="gzip")
    yield imported(
        "imports: gzip in gzip", "customers", gzip.compress(gzip.compress(b"\n" * 90_000_000)), Content_Encoding="gzip"
    )
    yield imported("imports: wrong lines", "customers", b"{}\n" * 3_000)
    yield imported("imports: empty lines", "customers", b"\n" * 9_000)
    yield imported("imports: brackets", "subscriptions", b"[" * 9_000)
    marks = json.dumps({"externalId": "M-1", "name": "a" + "\u0301" * 4_300}, ensure_ascii=False)
    yield imported("imports: combining marks", "customers", marks.encode())
    yield imported("imports: calls of commas", "calls", b"," * 4_000 + b"\n" + b"," * 4_000)
    yield imported("imports: calls of quotes", "calls", b'"' * 9_000)
    yield imported(
        "imports: gzip of calls of commas", "calls", gzip.compress(b"," * 5_000_000), Content_Encoding="gzip"
    )
    licences = b'{"number":"S-1","customer":"ORG-1","licenses":[' + b'{"product":"MEETINGS","total":1},' * 240 + b"{}]}"
    yield imported("imports: licence lines", "subscriptions", licences)
    yield imported("imports: a number of 9,000 digits", "orders", b'{"number":' + b"9" * 9_000 + b"}")


_INTROSPECTION = "{__schema{types{name fields{name args{name} type{name ofType{name}}}}}}"


def _mutations() -> Iterator[Case]:
    for number in (11, 20):
        create = times(number, 'm#:createTag(input:{name:"Many #"}){tag{id} userErrors{code}}')
        yield graphql(f"mutations: {number} tags in one document", "mutation{%s}" % create)
    remove = times(11, 'm#:deleteTag(input:{id:"tag_#",version:1}){userErrors{code}}')
    yield graphql("mutations: 11 tags that do not exist", "mutation{%s}" % remove)
    marked = times(11, "m#:createTag(input:{name:$n}){userErrors{code}}")
    yield graphql("mutations: long names", "mutation($n:String!){%s}" % marked, n="a" + "\u0301" * 1_000)


def got(name: str, path: str, **parameters: str) -> Case:
    """Return a GET with these parameters."""
    target = f"{path}?{urlencode(parameters)}".encode()
    return raw(name, b"GET " + target + b" HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer @TOKEN\r\n\r\n")


def _other_transports() -> Iterator[Case]:
    customers = "query($f:CustomerFilter){customers(filter:$f,first:200){nodes{name tags{name}}}}"
    many = json.dumps({"f": {"tag": ["t"] * 1_000}})
    yield got("get: variables", "/graphql", query=customers, variables=many)
    yield got("get: deep variables", "/graphql", query=customers, variables="[" * 2_000 + "]" * 2_000)
    yield got("get: a long document id", "/graphql", documentId="x" * 9_000)
    stored = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": "0" * 4_000}})
    yield got("get: a long hash", "/graphql", extensions=stored)
    yield posted("documents: an id of 9,000 characters", json.dumps({"documentId": "x" * 9_000}).encode())
    for encoding in ("gzip", "br", "zstd"):
        body = json.dumps({"query": _INTROSPECTION}).encode()
        yield posted(f"compression: introspection with {encoding}", body, Accept_Encoding=encoding)
    for query in ("{customers(first:200){nodes{name tags{name}}}}", "{%s}" % times(900, "u#")):
        yield streamed(f"streams: {query[:20]}", query)
    yield streamed("streams: a subscription", "subscription{activity{event{kind}}}")


def streamed(name: str, query: str) -> Case:
    """Return an operation at /graphql/stream, which may stay open."""
    body = json.dumps({"query": query}).encode()
    options = {"Content_Type": "application/json", "Accept": "text/event-stream"}
    return Case(name, lambda tokens: post("/graphql/stream", body, tokens.api, **options), is_answered=False)


_HEAD = b"GET /livez HTTP/1.1\r\nHost: hub\r\n"
_POST = b"POST /graphql HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer @TOKEN\r\nContent-Type: application/json\r\n"


def _connections() -> Iterator[Case]:
    yield raw("connections: nothing", b"", is_answered=False)
    yield raw("connections: half a head", _HEAD, is_answered=False)
    yield raw("connections: half a body", _POST + b"Content-Length: 90\r\n\r\n{", is_answered=False)
    yield raw("connections: 1,700 short headers", _HEAD + b"a:b\r\n" * 1_700)
    yield raw("connections: 9,000 bytes of one header", _HEAD + b"X: " + b"a" * 9_000, is_answered=False)
    yield raw("connections: URL of 9,000 bytes", b"GET /" + b"%" * 9_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n")
    yield raw("connections: query of 9,000 bytes", b"GET /graphql?" + b"a&" * 4_500 + b" HTTP/1.1\r\nHost: hub\r\n\r\n")
    yield raw("connections: 170 pipelined requests", (_HEAD + b"\r\n") * 170, is_answered=False)
    yield raw("connections: 400 pipelined requests without host", b"GET / HTTP/1.1\r\n\r\n" * 400)
    yield raw(
        "connections: chunks of one byte",
        _POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 1_400,
        is_answered=False,
    )
    yield raw(
        "connections: chunk extension",
        _POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 9_000,
        is_answered=False,
    )
    yield raw("connections: trailers", _POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a:b\r\n" * 1_600)
    yield raw("connections: both lengths", _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    yield raw(
        "connections: h2c without a body",
        _POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 9\r\n\r\n",
        is_answered=False,
    )
    yield raw("connections: blank lines", b"\r\n" * 4_900, is_answered=False)
    yield raw("connections: random bytes", bytes(range(256)) * 35)


def _floods() -> Iterator[Case]:
    yield raw("connections: 20 MB of header lines", _HEAD + b"X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 500_000)
    yield raw("connections: 20 MB of one header", _HEAD + b"X: " + b"a" * 20_000_000)
    yield raw("connections: 20 MB of pipelined requests", (_HEAD + b"\r\n") * 500_000, is_answered=False)
    yield raw("connections: 20 MB of blank lines", b"\r\n" * 10_000_000, is_answered=False)


def _long_headers() -> Iterator[Case]:
    addresses = b",".join([b"10.0.0.1"] * 900)
    yield raw("connections: forwarded by 900 proxies", _HEAD + b"X-Forwarded-For: " + addresses + b"\r\n\r\n")
    yield raw(
        "connections: accept 9 kB", _POST + b"Accept: " + b"a/b;q=0.1," * 850 + b"\r\nContent-Length: 2\r\n\r\n{}"
    )
    yield raw(
        "connections: languages 9 kB",
        _POST + b"Accept-Language: " + b"a-b;q=0.1," * 850 + b"\r\nContent-Length: 2\r\n\r\n{}",
    )
    yield raw(
        "connections: encodings 9 kB",
        _POST + b"Accept-Encoding: " + b"x;q=0.1," * 1_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    )
    yield raw(
        "connections: token of 9 kB",
        _HEAD.replace(b"livez", b"graphql?query={a}") + b"Authorization: Bearer " + b"a." * 4_400 + b"\r\n\r\n",
    )
    yield raw("connections: cookies", _HEAD + b"Cookie: " + b"a=b;" * 2_200 + b"\r\n\r\n")


def _sockets() -> Iterator[Case]:
    yield raw("sockets: half a handshake", HANDSHAKE.encode()[:-2], is_answered=False)
    yield raw("sockets: no connection_init", HANDSHAKE.encode(), is_answered=False)
    yield raw("sockets: half a frame", HANDSHAKE.encode() + b"\x81\xfe\x20\x00\x00", is_answered=False)
    yield raw("sockets: header of 8.5 kB", HANDSHAKE.encode()[:-2] + b"X: " + b"a" * 8_500 + b"\r\n\r\n")
    yield socket("sockets: 1,400 pings of the protocol", frame(0x89, b""), repeat=1_400)
    yield socket("sockets: 5 MB of pings of the protocol", frame(0x89, b"") * 800_000)
    yield socket("sockets: 5 MB of fragments of a byte", frame(0x01, b"{"), frame(0x00, b" ") * 700_000)
    yield socket("sockets: 5 MB of empty fragments", frame(0x01, b"{"), frame(0x00, b"") * 800_000)
    yield socket("sockets: 250 pings as messages", {"type": "ping"}, repeat=250)
    yield socket("sockets: 1,400 empty fragments", frame(0x01, b""), frame(0x00, b"") * 1_400)
    yield socket("sockets: 1,200 fragments of a byte", frame(0x01, b"{"), frame(0x00, b" ") * 1_200)
    many = [
        {"id": str(n), "type": "subscribe", "payload": {"query": "{customers(first:200){nodes{tags{name}}}}"}}
        for n in range(75)
    ]
    yield socket("sockets: 75 operations at once", *many, operations=len(many))
    feeds = [
        {"id": str(n), "type": "subscribe", "payload": {"query": "subscription{activity{event{kind}}}"}}
        for n in range(80)
    ]
    yield socket("sockets: 80 subscriptions", *feeds, operations=len(feeds))
    stops = [{"id": str(n), "type": "complete"} for n in range(200)]
    yield socket("sockets: 200 completes of nothing", *stops)
    yield socket("sockets: a deep message", frame(0x81, b"[" * 8_000))
    yield socket(
        "sockets: a ping with a deep payload",
        frame(0x81, b'{"type":"ping","payload":{"a":' + b"[" * 900 + b"]" * 900 + b"}}"),
    )
    introspection = "{__schema{%s}}" % times(20, "t#:types{fields{name type{name}}}")
    yield socket("sockets: introspection", {"id": "1", "type": "subscribe", "payload": {"query": introspection}})


def first_cases() -> list[Case]:
    """Build the cases of this module, which takes a second: some are large."""
    groups = (
        _introspection,
        _pages,
        _errors,
        _documents,
        _texts,
        _inputs,
        _imports,
        _mutations,
        _other_transports,
        _connections,
        _floods,
        _long_headers,
        _sockets,
    )
    return [case for group in groups for case in group()]
