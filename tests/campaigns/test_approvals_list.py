"""One list of everything that waits for a colleague: campaigns, and the first uses that other systems asked for."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import roles, workbench
from campaigns.api import tokens
from campaigns.approvals import first_uses
from campaigns.models import Approval, FirstUse
from campaigns.states import ApprovalState
from templates_5g.models import TemplateVersion
from tests.campaigns.conftest import Maker
from tests.markup import read
from tests.people import integrator, person, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/campaigns/approval/"


def first_use(name: str, **values: Any) -> FirstUse:
    token = tokens.make(f"系统 {name}", ["send"], integrator(), 100)[0]
    version: TemplateVersion = Maker().version()
    type(version.template).objects.filter(pk=version.template_id).update(name=name)
    version.template.refresh_from_db()
    row = first_uses.ask(token, version)
    FirstUse.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def approval(make: Maker, name: str, state: str = "pending") -> Approval:
    campaign = make.campaign(make.people(2))
    type(campaign).objects.filter(pk=campaign.pk).update(name=name)
    covers = {"to_send": 2, "cost": {"high": "0.16"}}
    snapshot = {"covers": covers, "because": [{"key": "first_use", "params": {}}]}
    return Approval.objects.create(campaign=campaign, snapshot=snapshot, state=state, asked_by=person("管理员"))


def address(row: FirstUse) -> str:
    return reverse("admin:first_use_decide", args=[row.pk, "grant"])


def ordered(text: str, *words: str) -> bool:
    places = [text.index(word) for word in words]
    return places == sorted(places)


def test_first_uses_stand_in_the_list_with_the_way_to_decide_the_waiting_first() -> None:
    done = first_use("老模板", state=ApprovalState.GRANTED, decided_by=person(roles.CAMPAIGNS))
    waiting = first_use("新模板")
    sent_back = first_use(
        "退回的", state=ApprovalState.REFUSED, reason="没有退订说明", decided_by=person(roles.CAMPAIGNS)
    )
    page = read(signed_in(roles.CAMPAIGNS).get(LIST))
    assert all(address(row) in page.links for row in (done, waiting, sent_back))
    assert ordered(page.text, "API 首次使用", "新模板", "去审批", "退回的", "没有退订说明", "老模板")
    assert page.refused == []


def test_campaigns_that_wait_stand_before_what_was_decided(make: Maker) -> None:
    approval(make, "等着的")
    approval(make, "批了的", "granted")
    page = read(signed_in(roles.CAMPAIGNS).get(LIST))
    assert ordered(page.text, "等着的", "批了的")
    assert "API 首次使用" not in page.text


def test_filter_and_search_hold_for_both(make: Maker) -> None:
    client = signed_in(roles.CAMPAIGNS)
    first_use("新模板")
    first_use("老模板", state=ApprovalState.GRANTED)
    approval(make, "会员日")
    shown = read(client.get(f"{LIST}?state__exact=granted")).text
    assert ("老模板" in shown, "新模板" in shown, "会员日" in shown) == (True, False, False)
    shown = read(client.get(f"{LIST}?q=新")).text
    assert ("老模板" in shown, "新模板" in shown, "会员日" in shown) == (False, True, False)
    shown = read(client.get(f"{LIST}?state__exact=void")).text
    assert "API 首次使用" not in shown
    assert client.get(f"{LIST}?state__exact=<b>").status_code in (200, 302)


def test_deciding_leads_back_to_the_list() -> None:
    row = first_use("新模板")
    client = signed_in(roles.CAMPAIGNS)
    assert LIST in read(client.get(address(row))).links
    answer = client.post(address(row), {"reason": ""})
    assert answer["Location"] == LIST
    row.refresh_from_db()
    assert row.state == ApprovalState.GRANTED
    assert "去审批" not in read(client.get(LIST)).text


def test_the_menu_counts_both(make: Maker, rf: Any) -> None:
    first_use("新模板")
    first_use("老模板", state=ApprovalState.GRANTED)
    approval(make, "会员日")
    request = rf.get("/")
    request.user = person(roles.CAMPAIGNS)
    assert workbench.to_approve_count(request) == 2
    request.user = person(roles.ADMINISTRATORS)
    assert workbench.to_approve_count(request) is None


@pytest.mark.parametrize(
    ("role", "status"), [(roles.MARKETING, 403), (roles.SUPPORT, 403), (roles.ADMINISTRATORS, 200)]
)
def test_who_may_not_decide_sees_no_way_there(role: str, status: int) -> None:
    row = first_use("新模板")
    client: Client = signed_in(role)
    answer = client.get(LIST)
    assert answer.status_code == status
    if status == 200:
        page = read(answer)
        assert "新模板" in page.text
        assert address(row) not in page.links
    assert client.get(address(row)).status_code == 403
    assert client.post(address(row), {"reason": ""}).status_code == 403
    row.refresh_from_db()
    assert row.state == ApprovalState.PENDING


def test_the_own_one_is_shown_but_not_to_be_decided() -> None:
    me = person(roles.CAMPAIGNS)
    row = first_use("新模板", asked_by=me)
    page = read(signed_in(roles.CAMPAIGNS).get(LIST))
    assert address(row) in page.links
    assert "去审批" not in page.text


def test_more_rows_cost_no_more_queries(django_assert_max_num_queries: Any) -> None:
    client = signed_in(roles.CAMPAIGNS)
    for n in range(8):
        first_use(f"模板 {n}")
    client.get(LIST)
    with django_assert_max_num_queries(20):
        client.get(LIST)
