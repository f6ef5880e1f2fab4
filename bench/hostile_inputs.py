"""Hostile inputs for bench/hostile.py: mistakes that invite suggestions, variables named often, JSON of many lists."""

import gzip
from collections.abc import Iterator

from bench.hostile_cases import Case, graphql, imported, posted, socket, times

# As long as the names of many types: graphql-core compares it with each of them, letter by letter.
_NAME = "CustomerAssignmentLicensesInputXx"
_COUNT = "query($f:CustomerFilter){customers(filter:$f){totalCount}}"
_IDS = "mutation($c:ID){assignTags(input:{customers:{ids:[%s]},tags:[]}){changed}}"


def _mistakes() -> Iterator[Case]:
    yield graphql("mistakes: types of variables", "query(%s){__typename}" % times(180, f"$v#:{_NAME}#"))
    yield graphql("mistakes: types of fragments", "{__typename}%s" % times(90, f"fragment F# on {_NAME}#{{a}}"))
    yield graphql("mistakes: fields", "{customers{nodes{%s}}}" % times(400, "subscriptionz#"))
    yield graphql("mistakes: keys of a literal", "{customers(filter:{%s}){totalCount}}" % times(400, "managedBye#:1"))
    yield graphql("mistakes: enums of a literal", "{customers(filter:{status:[%s]}){id}}" % times(700, "TRIAL_EX#"))
    keys = {f"managedBye{n}": 1 for n in range(500)}
    yield graphql("mistakes: keys of a variable", _COUNT, f=keys)
    yield graphql("mistakes: keys of objects in a list", _COUNT, f={"allOf": [{key: 1} for key in keys]})
    yield graphql("mistakes: enums of a variable", _COUNT, f={"status": [f"NEARING_EXPIRATION{n}" for n in range(400)]})


def _named_variables() -> Iterator[Case]:
    often = _IDS % times(700, "$c")
    yield graphql("variables: a list named 700 times", often, c=["x"] * 900)
    yield graphql("variables: 2,000 lists named 700 times", often, c=[[[]] * 900, [[]] * 900])
    yield graphql("variables: 1,500 keys named 700 times", often, c=dict.fromkeys(map(str, range(800))))
    operations = times(50, "query Q#($a:ID!){...F}") + "fragment F on Query{nodes(ids:[%s]){id}}" % times(380, "$a")
    yield graphql("variables: 50 operations of one fragment", operations)


def _json() -> Iterator[Case]:
    for name, part in {"lists": b"[[]],", "objects": b"{},", "keys": b'{"":{}},'}.items():
        body = b'{"query":"{__typename}","x":[' + part * (1_000_000 // len(part)) + b"0]}"
        yield posted(f"json: 1 MB of {name}", body)
        yield posted(f"json: gzip of 1 MB of {name}", gzip.compress(body), Content_Encoding="gzip")
    yield socket("json: 60 pings of 15 kB", {"type": "ping", "payload": {"a": "x" * 15_000}}, repeat=60)


def _members() -> Iterator[Case]:
    """Build bodies of thousands of gzip members: each takes as long as some records, however little it holds."""
    for name, content in {"empty": b"", "one blank": b" ", "one line": b"\n"}.items():
        packed = gzip.compress(content) * 10_000
        yield posted(f"gzip: 800 kB of members, {name}", packed * 4 + gzip.compress(b"{}"), Content_Encoding="gzip")
        yield imported(f"gzip: an import of 200 kB of members, {name}", "customers", packed, Content_Encoding="gzip")


def _texts() -> Iterator[Case]:
    """Build texts of the greatest length, in the forms that take the lexer longest, which end with an error."""
    parts = {"escapes": "\\n", "pairs": "\\uD83D\\uDE00"}
    for name, part in parts.items():
        yield graphql(f"text: 39 kB of {name}", '{a(b:"%s")}' % (part * (39_000 // len(part))))
    for name, part in {"blank": "\n", "indented": " x\n"}.items():
        yield graphql(f"text: 39 kB of {name} lines", '{a(b:"""%s""")}' % (part * (39_000 // len(part))))
    yield graphql("text: 99 kB of lines", "{a}" + "\n" * 99_000)
    yield graphql("text: 500 variables", "{nodes(ids:[%s]){id}}" % times(500, "$v#"))


def cases() -> list[Case]:
    """Build the cases of this module."""
    return [case for group in (_mistakes, _named_variables, _json, _members, _texts) for case in group()]
