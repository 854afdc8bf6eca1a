"""Every page of the admin, in both languages: it opens, a strict policy blocks nothing in it, nothing stays untranslated."""

import re
from collections import Counter
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from campaigns import roles
from kit import phone_keys
from tests.markup import Page, read
from tests.messaging.admin.conftest import PHONE, SECRET, Office
from tests.people import signed_in

# Pages that answer with something else than a page, or need a POST.
# A sealed number is another address each time, so those links lead on for ever.
SEALED = re.compile(r"/messaging/delivery/.{30,}")
NO_PAGE = re.compile(r"jsi18n|autocomplete|/r/|logout|\.(png|csv|xlsx)|/export|/download|media/")


def listed() -> list[str]:
    """The change lists and add pages of every registered model."""
    found = []
    for model, page in admin.site._registry.items():
        names = {pattern.name for pattern in page.get_urls() if isinstance(pattern, URLPattern | URLResolver)}
        base = f"{model._meta.app_label}_{model._meta.model_name}"
        found += [f"admin:{base}_{kind}" for kind in ("changelist", "add") if f"{base}_{kind}" in names]
    return found


def own_pages(office: Office) -> list[str]:
    """The pages of messaging that stand behind a row."""
    change = [
        ("vendoraccount", office.account.pk),
        *(("vendoraccount", other.pk) for other in office.others),
        ("signature", office.signature.pk),
        ("chatbot", office.chatbot.pk),
        ("templatereview", office.review.pk),
        ("dispatch", office.dispatch.pk),
        ("reply", office.reply.pk),
        ("receipt", office.receipt.pk),
        ("vendorcall", office.call.pk),
    ]
    key = phone_keys.seal(PHONE)
    return [
        *(reverse(f"admin:messaging_{model}_change", args=[pk]) for model, pk in change),
        reverse("admin:messaging_templatereview_matrix"),
        reverse("admin:messaging_templatereview_matrix") + "?show=trouble",
        reverse("admin:messaging_templatereview_matrix") + "?show=expiring&send_on=2026-11-26",
        reverse("admin:messaging_templatereview_submit", args=[office.version.pk]),
        reverse("admin:messaging_templatereview_by_hand", args=[office.version.pk]),
        reverse("admin:messaging_dispatch_test", args=[office.version.pk]),
        reverse("admin:messaging_dispatch_test_send", args=[office.version.pk, office.account.pk]),
        reverse("admin:messaging_dispatch_cancel", args=[office.dispatch.pk]),
        reverse("admin:unknown_outcomes"),
        reverse("admin:run_status"),
        reverse("admin:unknown_decide", args=[office.unknown.pk, "sent"]),
        reverse("admin:unknown_decide", args=[office.unknown.pk, "not-sent"]),
        reverse("admin:phone_lookup"),
        reverse("admin:phone_lookup_key", args=[key]),
        reverse("admin:phone_lookup_reveal", args=[key]),
        reverse("admin:messaging_suppression_add"),
        reverse("admin:messaging_suppression_lift", args=[office.suppression.pk]),
        *(reverse("admin:messaging_vendoraccount_add") + f"?vendor={one.vendor}" for one in office.others),
    ]


def opened(client: Client, url: str) -> Page | None:
    response = client.get(url)
    if response.status_code in (301, 302, 403, 405):  # a redirect, or rows that nobody adds by hand
        return None
    assert response.status_code == 200, url
    if "text/html" not in response.headers["Content-Type"]:
        return None
    assert PHONE not in response.content.decode(), url
    assert SECRET not in response.content.decode(), url
    return read(response)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_and_a_strict_policy_blocks_nothing(office: Office, language: str) -> None:
    client = signed_in(superuser=True, language=language)
    client.raise_request_exception = True
    urls = [reverse("admin:index"), *(reverse(name) for name in listed()), *own_pages(office)]
    seen: set[str] = set()
    shapes: Counter[str] = Counter()
    count = 0
    while urls:
        url = urls.pop(0)
        shape = re.sub(r"/\d+/", "/1/", url)
        if url in seen or NO_PAGE.search(url) or shapes[shape] >= 6:
            continue
        seen.add(url)
        shapes[shape] += 1
        page = opened(client, url)
        if page is None:
            continue
        count += 1
        assert page.refused == [], url
        assert page.lang == language, url
        # on from there by what a person would click
        urls += [
            link for link in page.links if link.startswith("/admin/") and "?" not in link and not SEALED.search(link)
        ]
    assert count > 40


LATIN = re.compile(r"[A-Za-z]{3,}(?: [a-z]{2,}){2,}")


def test_no_english_sentence_stands_on_a_chinese_page(office: Office) -> None:
    client = signed_in(superuser=True)
    left: dict[str, list[str]] = {}
    for url in own_pages(office):
        page = opened(client, url)
        for word in page.words if page else ():
            if LATIN.search(word):
                left.setdefault(word, []).append(url)
    assert left == {}


def test_numbers_and_secrets_stand_on_no_page_of_any_role(office: Office) -> None:
    for role in roles.PERMISSIONS:
        client = signed_in(role)
        for url in own_pages(office):
            response = client.get(url)
            body = response.content.decode()
            assert PHONE not in body, (role, url)
            assert SECRET not in body, (role, url)


@pytest.fixture
def allowed() -> dict[str, set[str]]:
    """Which role may open which page; every other role gets 403. `+` marks pages for everybody with the menu entry."""
    look, campaigns, support, boss = {roles.MARKETING}, {roles.CAMPAIGNS}, {roles.SUPPORT}, {roles.ADMINISTRATORS}
    return {
        "messaging_vendoraccount_changelist": campaigns | boss,
        "messaging_vendoraccount_add": boss,
        "messaging_signature_changelist": look | campaigns | boss,
        "messaging_signature_add": boss,
        "messaging_chatbot_changelist": look | campaigns | boss,
        "messaging_chatbot_add": boss,
        "messaging_templatereview_changelist": look | campaigns | boss,
        "messaging_templatereview_matrix": look | campaigns | boss,
        "messaging_dispatch_changelist": campaigns | boss,
        "messaging_reply_changelist": campaigns | support | boss,
        "messaging_suppression_changelist": campaigns | support | boss,
        "messaging_suppression_add": support,
        "messaging_receipt_changelist": support | boss,
        "messaging_vendorcall_changelist": campaigns | boss,
        "unknown_outcomes": campaigns | boss,
        "phone_lookup": campaigns | support | boss,
        "run_status": boss,
    }


def test_what_a_role_may_not_do_is_refused(office: Office, allowed: dict[str, set[str]]) -> None:
    got = {name: set() for name in allowed}
    for role in roles.PERMISSIONS:
        client = signed_in(role)
        for name in allowed:
            status = client.get(reverse(f"admin:{name}")).status_code
            assert status in (200, 403), (role, name)
            if status == 200:
                got[name].add(role)
    assert got == allowed


def rows(office: Office) -> dict[str, tuple[str, tuple[Any, ...], set[str]]]:
    key = phone_keys.seal(PHONE)
    return {
        "submit": ("messaging_templatereview_submit", (office.version.pk,), {roles.MARKETING}),
        "by hand": ("messaging_templatereview_by_hand", (office.version.pk,), {roles.MARKETING}),
        "test": ("messaging_dispatch_test", (office.version.pk,), {roles.MARKETING, roles.CAMPAIGNS}),
        "cancel": ("messaging_dispatch_cancel", (office.dispatch.pk,), {roles.CAMPAIGNS}),
        "decide": ("unknown_decide", (office.unknown.pk, "sent"), {roles.CAMPAIGNS}),
        "reveal": ("phone_lookup_reveal", (key,), {roles.SUPPORT}),
        "lift": ("messaging_suppression_lift", (office.suppression.pk,), {roles.SUPPORT}),
    }


def test_what_changes_something_is_refused_to_the_other_roles(office: Office) -> None:
    for what, (name, args, wanted) in rows(office).items():
        url = reverse(f"admin:{name}", args=args)
        may = {role for role in roles.PERMISSIONS if signed_in(role).get(url).status_code == 200}
        assert may == wanted, what


@pytest.mark.parametrize(
    ("name", "row", "wanted"),
    [
        ("messaging_vendoraccount_test", "account", {roles.ADMINISTRATORS}),
        ("messaging_vendoraccount_balance", "account", {roles.ADMINISTRATORS}),
        ("messaging_vendoraccount_off", "account", {roles.ADMINISTRATORS}),
        ("messaging_vendoraccount_resume", "account", {roles.ADMINISTRATORS}),
        ("messaging_dispatch_pause", "dispatch", {roles.CAMPAIGNS}),
        ("messaging_dispatch_resume", "dispatch", {roles.CAMPAIGNS}),
        ("messaging_reply_take", "reply", {roles.SUPPORT}),
        ("messaging_reply_close", "reply", {roles.SUPPORT}),
    ],
)
def test_posts_are_refused_to_the_other_roles_and_gets_change_nothing(
    office: Office, name: str, row: str, wanted: set[str]
) -> None:
    thing = getattr(office, row)
    url = reverse(f"admin:{name}", args=[thing.pk])
    before = type(thing).objects.filter(pk=thing.pk).values().get()
    may = {role for role in roles.PERMISSIONS if signed_in(role).get(url).status_code == 302}
    assert may == wanted
    assert type(thing).objects.filter(pk=thing.pk).values().get() == before
    refused = {role for role in roles.PERMISSIONS if role not in wanted}
    assert {signed_in(role).post(url).status_code for role in refused} == {403}
    assert type(thing).objects.filter(pk=thing.pk).values().get() == before


def test_strangers_are_sent_to_the_log_in_page(office: Office) -> None:
    for url in own_pages(office):
        response = Client().get(url)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    ("name", "above"),
    [
        ("messaging_suppression_add", "messaging_suppression_changelist"),
        ("campaigns_apitoken_add", "campaigns_apitoken_changelist"),
        ("campaigns_audience_add", "campaigns_audience_changelist"),
    ],
)
def test_a_form_leads_back_to_its_list(office: Office, name: str, above: str) -> None:
    page = signed_in(superuser=True).get(reverse(f"admin:{name}")).content.decode()
    crumbs = page[page.index('<div class="breadcrumbs">') :].partition("</div>")[0]
    assert f'href="{reverse(f"admin:{above}")}"' in crumbs


def test_a_form_above_which_there_is_no_list_leads_to_the_workbench(office: Office) -> None:
    url = reverse("admin:unknown_decide", args=[office.unknown.pk, "sent"])
    page = signed_in(roles.CAMPAIGNS).get(url).content.decode()
    crumbs = page[page.index('<div class="breadcrumbs">') :].partition("</div>")[0]
    assert crumbs.count("<a ") == 1


def test_a_history_stands_in_the_house_s_own_frame(office: Office) -> None:
    url = reverse("admin:messaging_signature_history", args=[office.dispatch.signature_id])
    page = signed_in(superuser=True).get(url).content.decode()
    crumbs = page[page.index('<div class="breadcrumbs">') :].partition("</div>")[0]
    assert f'href="{reverse("admin:messaging_signature_changelist")}"' in crumbs
    assert "首页" not in crumbs
