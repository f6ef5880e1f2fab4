"""The sample's resources: guides, trainings, videos and release notes for the partner's administrators."""

from collections.abc import Iterator
from datetime import date, timedelta

_BASE_URL = "https://resources.partner.example"
# Three lines each: address, kind, age in days, products and flags; title; summary.
_RESOURCES = """\
guides/start GUIDE 12 quick
Getting started as a partner
Set up your organization, invite colleagues, and find the customers who need you first.

guides/roles GUIDE 45 quick
Roles and what they may do
Four roles, who sees which customers, and how an assignment begins and ends.

guides/trials GUIDE 20 quick
Running a trial that converts
When to start one, whom to train, and what to look at before it ends.

guides/renewals GUIDE 33 featured
Ninety days before a renewal
A calendar of conversations, from the first look at usage to the signed order.

guides/overage GUIDE 61
When more licenses are assigned than bought
How an overage comes about, what the customer sees, and two ways to end it.

guides/calling-migration GUIDE 28 CALLING
Moving a customer to Calling
Numbers, devices, emergency addresses: the order in which nothing is lost.

guides/call-queues GUIDE 74 CALLING
Call queues that people stay in
Greetings, overflow and staffing for shorter waits and fewer abandoned calls.

guides/call-quality GUIDE 9 CALLING featured
Reading call quality
Packet loss, latency and jitter: what is normal, what is heard, and where to look.

guides/meetings-adoption GUIDE 52 MEETINGS
From assigned to used: adopting Meetings
Six small campaigns for customers whose licenses lie idle.

guides/messaging-policy GUIDE 96 MESSAGING
Retention and guests in Messaging
The settings that every customer's legal department asks about.

guides/translations GUIDE 18 REAL_TIME_TRANSLATIONS
Real-time Translations in large meetings
Languages, captions, and what hosts should say in the first minute.

training/foundations TRAINING 40 featured
Partner foundations
Two hours at your own pace: products, trials, orders, support.

training/calling-specialist TRAINING 66 CALLING
Calling specialist
Eight lessons with exercises on routing, devices and survivability.

training/meetings-specialist TRAINING 83 MEETINGS
Meetings specialist
Five lessons on hosting, webinars, rooms and administration.

training/troubleshooting TRAINING 24 CALLING MEETINGS
Troubleshooting media
Follow one bad call from the complaint to the cause, with real traces.

training/translations TRAINING 15 MEETINGS REAL_TIME_TRANSLATIONS
Selling translated meetings
Who needs them, how to show them in ten minutes, and what they cost.

videos/tour VIDEO 5 quick
A tour of the partner hub
Four minutes: the list, the filters, the live feed, and where help is.

videos/tags VIDEO 31
Tags and saved views
Sort two thousand customers in one afternoon, and share the views with your team.

videos/auto-attendant VIDEO 57 CALLING
An auto attendant in five minutes
From the first greeting to the night service, without a script.

videos/huddle VIDEO 110 MEETINGS MESSAGING
From a chat to a meeting and back
How teams keep one thread through a whole project.

videos/captions VIDEO 22 REAL_TIME_TRANSLATIONS
Captions in thirteen languages
A board meeting in Zürich, seen from São Paulo and 東京.

releases/hub-live RELEASE_NOTE 2 featured
New in the partner hub
Live statuses, launches that work once, and search that knows every script.

releases/calling-queues RELEASE_NOTE 6 CALLING
New in Calling
New queue reports, faster failover, and three devices that are supported now.

releases/meetings-rooms RELEASE_NOTE 36 MEETINGS
New in Meetings
Quieter rooms, larger webinars, and a lobby that hosts asked for.

releases/messaging-search RELEASE_NOTE 38 MESSAGING
New in Messaging
Scheduled messages, better search, and guests who expire.
"""
_FLAGS = {"quick": "quickLink", "featured": "featured"}


def resource_records(day: date) -> Iterator[dict[str, object]]:
    """Yield the resources, which are the same for every partner, with dates relative to the day."""
    for entry in _RESOURCES.strip().split("\n\n"):
        head, title, summary = entry.split("\n")
        address, kind, age, *words = head.split()
        record: dict[str, object] = {"url": f"{_BASE_URL}/{address}", "title": title, "summary": summary, "kind": kind}
        # Fields with their default value are omitted.
        flags = {_FLAGS[word]: True for word in words if word in _FLAGS}
        products = [word for word in words if word not in _FLAGS]
        yield {**record, **flags, "products": products, "updatedOn": (day - timedelta(days=int(age))).isoformat()}
