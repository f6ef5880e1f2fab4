"""Hostile mutations and expensive reads for bench/hostile.py: as many as a document may have, at their maxima.

Jobs over all customers are measured while they run, for some seconds. bench/bulk.py and bench/alerts.py measure them
with many customers.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bench.hostile_cases import Case, graphql, socket, times

# One more costs more than a document may: of usual mutations, and of those with a filter of customers.
_MOST, _MOST_FILTERS = 11, 3
_ERRORS = "{userErrors{code}}"


def _bulk() -> Iterator[Case]:
    variables: dict[str, Any] = {"c": "@CUSTOMERS", "t": ["@TAG"]}
    tags = "Tags(input:{customers:{ids:$c},tags:$t}){changed %suserErrors{code}}"
    both = "a#:remove%s b#:assign%s" % ((tags % "customers{name tags{name}} ",) * 2)
    yield graphql("bulk: a tag of 200 customers", "mutation($c:[ID!]!,$t:[ID!]!){%s}" % times(1, both), **variables)
    for number in (2, 10):
        each = times(number // 2, "a#:remove%s b#:assign%s" % ((tags % "",) * 2))
        name = f"bulk: a tag of 200 customers {number} times"
        yield graphql(name, "mutation($c:[ID!]!,$t:[ID!]!){%s}" % each, **variables)
    dry = times(
        _MOST_FILTERS, "m#:assignTags(input:{customers:{matching:{}},tags:$t,dryRun:true}){changed userErrors{code}}"
    )
    yield graphql("bulk: dry runs over all customers", "mutation($t:[ID!]!){%s}" % dry, t=["@TAG"])
    assign = times(_MOST, 'm#:assignAdministrator(input:{administrator:"adm_#",customers:$c}){userErrors{code}}')
    yield graphql("bulk: administrators that do not exist", "mutation($c:[ID!]!){%s}" % assign, c="@CUSTOMERS")


def _aliased() -> Iterator[Case]:
    filter_ = 'filter:{anyOf:[{search:"o#"},{not:{search:"r#"}}]}'
    inputs = {
        "changes of a customer": 'updateCustomer(input:{id:"@CUSTOMER",version:1,name:"Name #"})',
        "requests": 'requestHelpdesk(input:{topic:OTHER,subject:"s#",message:"m"})',
        "webhooks": 'createWebhook(input:{name:"w#",url:"https://example.com/#"})',
        "views": 'saveCustomerView(input:{name:"v#",%s})' % filter_,
        "trials": 'startTrial(input:{customer:{id:"@CUSTOMER"},licenses:[{product:MEETINGS,licenses:1}]})',
        "invitations": 'inviteAdministrator(input:{email:"a#@b.example",displayName:"A",role:READ_ONLY_ADMINISTRATOR})',
        "launches": 'launchCustomer(input:{customer:"@CUSTOMER"})',
    }
    for name, mutation in inputs.items():
        number = {"webhooks": 5, "views": _MOST_FILTERS}.get(name, _MOST)
        yield graphql(f"aliased: {number} {name}", "mutation{%s}" % times(number, f"m#:{mutation}{_ERRORS}"))


def _reads() -> Iterator[Case]:
    table = "(first:200){totalCount nodes{customer{name tags{name}}}}"
    tables = f"customersByUsage{table} customersByQuality{table} customersByQueue{table}"
    figures = "usersByUsageTrend(weeks:52){weekStart inactive} qualityTrend(weeks:52){poor} featureUse{calls}"
    # Mondays.
    weeks = " ".join(
        f'w{n}:callingEngagement(weekStart:"2026-{n + 2:02}-{day:02}"){{{figures}}}'
        for n, day in enumerate((2, 2, 6, 4, 1, 6, 3, 7, 5))
    )
    yield graphql("reads: engagement of nine weeks", "{%s}" % weeks)
    yield graphql("reads: tables of engagement", "{callingEngagement{%s}}" % tables)
    forecast = 'f#:renewalForecast(months:24,filter:{search:"o#"}){month}'
    yield graphql("reads: forecasts", "{%s}" % times(20, forecast))
    sizing = "s#:rightSizing(product:MEETINGS,days:3#,first:50){totalCount nodes{entitlement{number}}}"
    yield graphql("reads: sizes", "{%s}" % times(6, sizing))
    search = 'a#:activity(filter:{customer:["c#"]},first:9){nodes{summary customer{name}}}'
    yield graphql("reads: filters of the activity", "{%s}" % times(9, search))
    yield graphql("reads: alerts", "{alerts(first:200){nodes{customer{name tags{name} statuses}}} alertRules{name}}")
    webhooks = (
        "{webhooks{name deliveries{nodes{responseStatus}}} helpdeskRequests(first:200){nodes{subject customer{name}}}}"
    )
    yield graphql("reads: webhooks and requests", webhooks)


def _sockets() -> Iterator[Case]:
    feeds = [
        "subscription{kpisChanged{nearingExpiration{count}}}",
        "subscription{activity{event{kind summary}}}",
        "subscription{customerStatusChanged{customer{name tags{name}}}}",
    ]
    create = "mutation{%s}" % times(_MOST, 'm#:createTag(input:{name:"Fed #"}){userErrors{code}}')
    messages = [
        {"id": str(n), "type": "subscribe", "payload": {"query": query.replace("{", "{a%d:" % n, 1)}}
        for n, query in enumerate(feeds * 10)
    ]
    changes = [{"id": f"m{n}", "type": "subscribe", "payload": {"query": create}} for n in range(2)]
    yield socket("sockets: 30 feeds of three kinds and mutations", *messages, *changes, operations=32)


def _jobs() -> Iterator[Case]:
    tag = times(3, "m#:%sTags(input:{customers:{matching:{}},tags:$t}){job{id} userErrors{code}}")
    settings = "changeSettings(input:{version:1,expiringSoonDays:%d}){job{id} userErrors{code}}"
    mutations = {
        "tags of all customers": "mutation($t:[ID!]!){%s}" % tag.replace("%s", "assign"),
        "tags of all customers, taken away": "mutation($t:[ID!]!){%s}" % tag.replace("%s", "remove"),
        "a tag with a rule": 'mutation{createTag(input:{name:"Ruled",rule:{search:"o"}}){job{id} userErrors{code}}}',
        "settings": "mutation{%s}" % (settings % 45),
    }
    for name, mutation in mutations.items():
        variables: dict[str, Any] = {"t": ["@TAG"]} if "$t" in mutation else {}
        # Batches of 100 and 150 customers.
        batches = 3 * 8 if variables else 12
        yield replace(graphql(f"jobs: {name}", mutation, **variables), operations=batches, seconds=3.0)


def cases() -> list[Case]:
    """Build the cases of this module."""
    return [case for group in (_bulk, _aliased, _reads, _sockets, _jobs) for case in group()]
