"""Which pages there are for whom: found by asking as each role, and by reading the filters that a list offers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import NoReverseMatch, reverse

from campaigns import roles
from campaigns.models import Campaign
from campaigns.reports import report
from kit import phone_keys
from tools.bench.lists import fill

ROLES = (roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS)
_FILTERS = re.compile(r'<nav id="changelist-filter".*?</nav>', re.DOTALL)
_HREF = re.compile(r'href="(\?[^"]*)"')
_NEXT = re.compile(r'href="(\?[^"]*)" rel="next"')
_SEARCH = re.compile(r'<form id="changelist-search" method="(post|get)"(?: action="([^"]*)")?')
_OWN_PAGES = (
    "index", "reports", "unknown_outcomes", "run_status", "phone_lookup", "consent_records", "number_find",
    "messaging_receipt_flagged", "messaging_templatereview_matrix",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """`ask` fetches it once and gives the answer."""

    role: str
    name: str
    ask: Callable[[], Any]


def visitors() -> dict[str, Client]:
    """One signed-in browser for each role."""
    roles.ensure()
    found = {}
    for role in ROLES:
        user, _made = User.objects.get_or_create(username=role, defaults={"is_staff": True})
        user.groups.add(Group.objects.get(name=role))
        found[role] = Client(raise_request_exception=True, headers={"host": "127.0.0.1"})
        found[role].force_login(user)
    return found


def pages(role: str, client: Client, campaign: Campaign, seen: set[str]) -> Iterator[Page]:
    """Each page that this role may open; what lies around a list for the first role alone: `seen` are the names so far."""
    for name, url in _addresses():
        answer = client.get(url)
        if answer.status_code != 200:
            continue
        yield _get(role, name, client, url)
        if name not in seen:
            seen.add(name)
            yield from _around(role, name, client, url, answer.content.decode())
    yield from _numbers(role, client, campaign)


def _get(role: str, name: str, client: Client, url: str) -> Page:
    return Page(role, name, lambda: client.get(url))


def _addresses() -> Iterator[tuple[str, str]]:
    for model in admin.site._registry:
        try:
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        yield str(model._meta.model_name), url
    for name in _OWN_PAGES:
        yield name, reverse(f"admin:{name}")
    for by in report.BY:
        yield f"reports by {by}", f"{reverse('admin:reports')}?by={by}"


def _around(role: str, name: str, client: Client, url: str, html: str) -> Iterator[Page]:
    """Next page, a page far behind, every choice of every filter, search."""
    following = _NEXT.search(html)
    if following:
        yield _get(role, f"{name}: next page", client, url + unescape(following[1]))
        yield Page(role, f"{name}: page in the middle", lambda: client.get(url + _middle(client, url)))
    filters = _FILTERS.search(html)
    for query in dict.fromkeys(_HREF.findall(filters[0])) if filters else ():
        if query != "?":
            yield _get(role, f"{name}: {unescape(query)}", client, url + unescape(query))
    search = _SEARCH.search(html)
    if search and search[1] == "post":
        wanted = {"phone": fill.phone(0)}
        yield Page(role, f"{name}: search a number", lambda: client.post(search[2], wanted, follow=True))
    elif search:
        for words in ("bench", "验证码 7"):
            yield _get(role, f"{name}: search “{words}”", client, f"{url}?q={words}")


def _middle(client: Client, url: str) -> str:
    """Half-way down by key: the edge of the first page halved."""
    following = _NEXT.search(client.get(url).content.decode())
    key = int(re.sub(r".*before=(\d+).*", r"\1", unescape(following[1]))) if following else 0
    return f"?before={key // 2}"


def _numbers(role: str, client: Client, campaign: Campaign) -> Iterator[Page]:
    url = reverse("admin:phone_lookup_key", args=[phone_keys.seal(fill.phone(3))])
    if client.get(url).status_code == 200:
        yield _get(role, "a number's line of time", client, url)
    people = reverse("admin:campaigns_campaign_people", args=[campaign.pk, "delivered"])
    if client.get(people).status_code == 200:
        yield _get(role, "people of a campaign: delivered", client, people)
    url = reverse("admin:number_find")
    if client.get(url).status_code == 200:
        wanted = {"campaign": campaign.pk, "digits": fill.phone(5)[-4:]}
        yield Page(role, "last four digits in a campaign", lambda: client.post(url, wanted))
