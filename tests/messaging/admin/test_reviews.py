"""The pages of reviews: live cells, renewal, doubts, unknown submissions, the last day to submit, reach."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from campaigns.models import Audience, AudienceMember
from messaging.models import Chatbot, SendingPolicy, TemplateReview, VendorAccount
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template
from tests.builders import TEXT, House
from tests.campaigns.conftest import Maker
from tests.markup import read
from tests.messaging.admin.conftest import Office
from tests.people import signed_in, token_on


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:messaging_templatereview_{name}", args=args)


MATRIX = "/admin/messaging/templatereview/matrix/"


def ends_in(review: TemplateReview, **span: float) -> None:
    until = timezone.now() + timedelta(minutes=5, **span)
    TemplateReview.objects.filter(pk=review.pk).update(approved_until=until)


def cell(office: Office) -> str:
    return f"cell-{office.version.pk}-{office.account.pk}"


# --- the matrix -------------------------------------------------------------------------------------------------


def test_days_left_stand_by_the_state_and_renewing_is_offered_in_the_last_week(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    ends_in(office.review, days=9)
    page = read(client.get(MATRIX))
    assert "还剩 9 天" in page.text
    assert "续期" not in page.text
    ends_in(office.review, days=5)
    page = read(client.get(MATRIX))
    assert "已通过" in page.text
    assert "还剩 5 天" in page.text
    renew = f"{url('submit', office.version.pk)}?account={office.account.pk}"
    assert renew in page.links
    ends_in(office.review, days=1)
    assert "即将到期" in read(client.get(MATRIX)).text
    assert renew not in read(signed_in(roles.CAMPAIGNS).get(MATRIX)).links


def test_the_ones_that_end_are_listed_the_soonest_first_and_not_once_they_are_renewed(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    later = TemplateVersion.objects.create(template=office.version.template, number=2, kind="text", content=TEXT)
    other = TemplateReview.objects.create(version=later, account=office.account, status="approved")
    ends_in(other, days=6)
    ends_in(office.review, days=8)
    links = [link for link in read(client.get(MATRIX + "?show=expiring")).links if link.endswith("/change/")]
    assert [url("change", other.pk)] == [link for link in links if "templatereview" in link]
    ends_in(office.review, days=1)
    text = read(client.get(MATRIX + "?show=expiring")).text
    assert text.index("第 1 版") < text.index("第 2 版")
    named = {"version": office.version, "account": office.account, "live": False, "renewal": True}
    renewal = TemplateReview.objects.create(status="waiting", **named)
    text = read(client.get(MATRIX + "?show=expiring")).text
    assert ("第 1 版" in text, "第 2 版" in text) == (False, True)
    renewal.status = "rejected"
    renewal.save()
    assert "第 1 版" in read(client.get(MATRIX + "?show=expiring")).text


def test_a_renewal_stands_in_the_cell_beside_the_approval(office: Office) -> None:
    named = {"version": office.version, "account": office.account, "live": False, "renewal": True}
    TemplateReview.objects.create(status="rejected", vendor_message="缺少退订方式", **named)
    text = read(signed_in(roles.MARKETING).get(MATRIX)).text
    assert "已通过" in text
    assert "续期 未通过 缺少退订方式" in text


def test_where_the_vendor_renews_the_page_says_so(office: Office) -> None:
    TemplateReview.objects.update(renews_itself=True, approved_until=None)
    assert "服务商自动续期" in read(signed_in(roles.MARKETING).get(MATRIX)).text


def test_the_page_polls_only_while_something_may_change(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    assert "theme/live.js" not in client.get(MATRIX).content.decode()
    TemplateReview.objects.update(status="waiting", submitted_at=timezone.now())
    html = client.get(MATRIX).content.decode()
    assert "theme/live.js" in html
    assert f'id="{cell(office)}"' in html


def test_an_update_tells_cells_and_whether_to_go_on(office: Office) -> None:
    client, address = signed_in(roles.MARKETING), f"{url('matrix_state')}?v={office.version.pk},0,x"
    TemplateReview.objects.update(status="waiting", submitted_at=timezone.now())
    first = client.get(address).json()
    assert list(first["parts"]) == [cell(office)]
    assert first["open"] is True
    assert first["parts"][cell(office)]["said"].endswith("账号 rcs_gateway: 审核中")
    again = client.get(address).json()
    assert again["parts"][cell(office)]["mark"] == first["parts"][cell(office)]["mark"]
    TemplateReview.objects.update(status="approved")
    last = client.get(address).json()
    assert last["open"] is False
    assert last["parts"][cell(office)]["said"].endswith("已通过")
    assert last["parts"][cell(office)]["mark"] != first["parts"][cell(office)]["mark"]
    assert "已通过" in last["parts"][cell(office)]["html"]


def test_an_update_draws_the_cell_as_the_page_did(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    TemplateReview.objects.update(status="waiting", submitted_at=timezone.now())
    html = client.get(MATRIX).content.decode()
    part = client.get(f"{url('matrix_state')}?v={office.version.pk}").json()["parts"][cell(office)]
    assert part["html"].strip() in html


@pytest.mark.parametrize("name", ["matrix_state", "state"])
def test_updates_are_for_those_who_may_look(office: Office, name: str) -> None:
    address = url(name, *([office.review.pk] if name == "state" else []))
    assert signed_in(roles.SUPPORT).get(address).status_code == 403
    assert signed_in(roles.CAMPAIGNS).get(address).status_code in (200, 403)
    assert signed_in(roles.MARKETING).get(address).status_code == 200


def test_more_versions_cost_no_more_queries(office: Office) -> None:
    client = signed_in(roles.MARKETING)

    def queries(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(address).status_code == 200
        return len(caught)

    def more(first: int, last: int) -> list[int]:
        made = []
        for number in range(first, last):
            version = TemplateVersion.objects.create(
                template=office.version.template, number=number, kind="text", content=TEXT
            )
            TemplateReview.objects.create(version=version, account=office.account, status="waiting")
            made.append(version.pk)
        return made

    ids = more(2, 6)
    queries(MATRIX)
    few = queries(MATRIX), queries(f"{url('matrix_state')}?v={','.join(map(str, ids))}")
    ids += more(6, 12)
    many = queries(MATRIX), queries(f"{url('matrix_state')}?v={','.join(map(str, ids))}")
    assert many == few


# --- the last day, and reach --------------------------------------------------------------------------------------


def test_the_planned_day_gives_each_account_its_last_day(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    VendorAccount.objects.filter(pk=office.account.pk).update(review_days=5)
    far = timezone.localdate() + timedelta(days=400)
    thursday = far - timedelta(days=(far.weekday() - 3) % 7)
    SendingPolicy(holidays=[(thursday - timedelta(days=1)).isoformat()]).save()
    text = read(client.get(f"{MATRIX}?send_on={thursday}")).text
    assert f"最晚送审 {thursday.year}年" in text
    own, others = thursday - timedelta(days=9), thursday - timedelta(days=7)
    assert f"最晚送审 {own.year}年{own.month}月{own.day}日" in text
    assert f"最晚送审 {others.year}年{others.month}月{others.day}日" in text
    assert "已来不及" not in text
    assert "已来不及" in read(client.get(f"{MATRIX}?send_on={timezone.localdate()}")).text
    for nonsense in ("2026-02-30", "morgen", "9999-12-31", "0001-01-01", "<b>"):
        assert client.get(MATRIX, {"send_on": nonsense}).status_code == 200


def test_a_planned_campaign_says_by_when_to_submit_in_the_cell_and_on_its_own_page(house: House) -> None:
    make = Maker()
    version = create_template("新品", "marketing", TEXT, {}, None)
    start = timezone.now() + timedelta(days=30)
    campaign = make.campaign(
        make.people(3), account=house.account, version=version, signature=house.signature, start_at=start
    )
    TemplateReview.objects.filter(version=version).delete()
    client = signed_in(superuser=True)
    assert "最晚送审" in read(client.get(f"{MATRIX}?template={version.template_id}")).text
    check = reverse("admin:campaigns_campaign_check", args=[campaign.pk])
    client.post(reverse("admin:campaigns_campaign_check_again", args=[campaign.pk]))
    assert "模板还要先通过审核：最晚" in read(client.get(check)).text
    VendorAccount.objects.filter(pk=house.account.pk).update(review_days=60)
    assert "可能赶不上" in read(client.get(check)).text
    assert "赶不上计划的发送" in read(client.get(f"{MATRIX}?template={version.template_id}")).text
    TemplateReview.objects.create(version=version, account=house.account, status="waiting")
    assert "可能赶不上" not in read(client.get(check)).text


def test_pauses_are_set_with_the_account_and_checked(office: Office) -> None:
    page = signed_in(superuser=True)
    address = reverse("admin:messaging_vendoraccount_change", args=[office.account.pk])
    values = {
        name: field.get("value", "") for name, field in read(page.get(address)).inputs.items() if name != "_addanother"
    }
    answer = page.post(address, {**values, "review_days": "5", "review_pauses": "春节"})
    assert "“春节” 不是日期" in read(answer).text


def test_a_cell_that_cannot_be_sent_with_tells_whom_it_costs(office: Office) -> None:
    people = {"cmcc": 5, "cucc": 3, "": 2}
    audience = Audience.objects.create(name="会员", size=10)
    members = [
        AudienceMember(audience=audience, phone=f"1380000{n}{k:03d}", operator=operator, line=k, source_id=0)
        for n, (operator, count) in enumerate(people.items())
        for k in range(count)
    ]
    AudienceMember.objects.bulk_create(members)
    client = signed_in(superuser=True)
    Chatbot.objects.filter(account=office.account).update(operators=["cmcc", "cucc"])
    TemplateReview.objects.update(status="rejected")
    assert "影响 8 人，没有回落" in read(client.get(f"{MATRIX}?audience={audience.pk}")).text
    TemplateVersion.objects.update(fallback={"sms": {"text": "会员日，拒收请回复R"}})
    assert "影响 8 人，改收短信" in read(client.get(f"{MATRIX}?audience={audience.pk}")).text
    TemplateReview.objects.update(status="approved")
    assert "影响 8 人" not in read(client.get(f"{MATRIX}?audience={audience.pk}")).text
    TemplateReview.objects.update(status="rejected")
    assert "影响" not in read(signed_in(roles.MARKETING).get(f"{MATRIX}?audience=77")).text


# --- submitting ---------------------------------------------------------------------------------------------------


def chosen(house: House, client: Any, address: str, **more: str) -> dict[str, Any]:
    prefix = f"account-{house.account.pk}"
    values = {"signature": house.signature.pk, f"{prefix}-chosen": "on", "token": token_on(client, address)}
    return {**values, **({f"{prefix}-chatbot": house.chatbot.pk} if house.chatbot else {}), **more}


def test_renewing_repeats_the_last_submission_and_says_what_serves_meanwhile(house: House, run_queue: Any) -> None:
    review = house.version.reviews.get()
    TemplateReview.objects.filter(pk=review.pk).update(options={"autoRenew": False})
    ends_in(review, days=1)
    client = signed_in(roles.MARKETING)
    address = url("submit", house.version.pk)
    prefix = f"account-{house.account.pk}"
    page = read(client.get(f"{address}?account={house.account.pk}"))
    assert "续期通过之前，发送照常用原来的审核" in page.text
    assert "checked" in page.inputs[f"{prefix}-chosen"]
    assert "checked" not in page.inputs[f"{prefix}-option_autoRenew"]
    client.post(address, chosen(house, client, address))
    run_queue()
    found = house.version.reviews.order_by("pk").values_list("status", "live", "renewal")
    assert list(found) == [("approved", True, False), ("waiting", False, True)]
    assert "已经在" not in read(client.get(address)).text
    assert f"{prefix}-chosen" not in read(client.get(address)).inputs


def test_linter_errors_stop_the_page_too(house: House) -> None:
    bad = create_template("有错", "marketing", TEXT, {"sms": {"text": "会员日满300减50"}}, None)
    client, address = signed_in(roles.MARKETING), url("submit", bad.pk)
    page = read(client.get(address))
    assert "营销短信结尾要有" in page.text or "拒收请回复R" in page.text
    assert f"account-{house.account.pk}-chosen" not in page.inputs
    good = url("submit", house.version.pk)
    values = chosen(house, client, good)
    answer = client.post(address, values)
    assert answer.status_code == 200
    assert "拒收请回复R" in read(answer).text
    assert not TemplateReview.objects.filter(version=bad).exists()
    bad.refresh_from_db()
    assert not bad.is_frozen


def test_a_draft_is_doubted_and_put_right_with_one_click(sandbox: Any, db: None, run_queue: Any) -> None:
    from tests.messaging.stage import Stage

    stage: Any = Stage(sandbox, "hanwg")
    version = stage.version()
    stage.register(version, stage.mount.sandbox.templates[0])
    client, address = signed_in(roles.MARKETING), url("submit", version.pk)
    draft = f"account-{stage.account.pk}-option_draft"
    values = chosen(stage, client, address, **{draft: "on"})
    answer = client.post(address, values)
    page = read(answer)
    assert answer.status_code == 200
    assert "只存为草稿：存为草稿不会被审核" in page.text
    assert TemplateReview.objects.filter(version=version).count() == 1
    assert page.inputs["remedy"]["value"] == draft
    assert client.post(address, {**values, "remedy": draft}).status_code == 302
    review = TemplateReview.objects.get(version=version, live=True)
    assert review.options["draft"] is False
    run_queue()


def test_who_insists_on_a_draft_gets_one_that_says_it_is_not_reviewed(sandbox: Any, db: None, run_queue: Any) -> None:
    from tests.messaging.stage import Stage

    stage: Any = Stage(sandbox, "hanwg")
    version = stage.version()
    stage.register(version, stage.mount.sandbox.templates[0])
    client, address = signed_in(roles.MARKETING), url("submit", version.pk)
    draft = f"account-{stage.account.pk}-option_draft"
    client.post(address, chosen(stage, client, address, **{draft: "on", "anyway": "1"}))
    run_queue()
    review = TemplateReview.objects.get(version=version, live=True)
    assert (review.status, review.options["draft"]) == ("draft", True), review.vendor_message
    assert "服务商草稿" in read(client.get(MATRIX)).text
    assert f"{draft}" in read(client.get(address)).inputs


# --- one review -----------------------------------------------------------------------------------------------------


def test_an_unknown_submission_says_what_to_do_and_is_settled_once(office: Office) -> None:
    TemplateReview.objects.filter(pk=office.review.pk).update(
        status="unknown", approved_until=None, submitted_at=timezone.now()
    )
    client = signed_in(roles.MARKETING)
    page = read(client.get(url("change", office.review.pk)))
    assert "不会自动重新送审" in page.text
    assert "会员日满减 v1" in page.text
    absent = url("absent", office.review.pk)
    assert absent in page.links
    token = token_on(client, absent)
    assert client.post(absent, {"token": token, "reason": ""}).status_code == 200
    answer = client.post(absent, {"token": token, "reason": "后台列表里没有"})
    assert answer["Location"] == f"{url('submit', office.version.pk)}?account={office.account.pk}"
    office.review.refresh_from_db()
    assert office.review.status == "withdrawn"
    client.post(absent, {"token": token, "reason": "again"})
    assert "重新送审" in read(client.get(url("change", office.review.pk))).text
    assert signed_in(roles.SUPPORT).get(absent).status_code == 403


def test_a_waiting_submission_is_taken_back_by_post_alone(office: Office) -> None:
    TemplateReview.objects.filter(pk=office.review.pk).update(status="submitting", approved_until=None)
    client, address = signed_in(roles.MARKETING), url("take_back", office.review.pk)
    client.get(address)
    office.review.refresh_from_db()
    assert office.review.status == "submitting"
    client.post(address)
    office.review.refresh_from_db()
    assert office.review.status == "withdrawn"
    TemplateReview.objects.filter(pk=office.review.pk).update(status="submitting", claimed_at=timezone.now())
    answer = client.post(address, follow=True)
    assert "撤不回" in read(answer).text
    assert signed_in(roles.SUPPORT).post(address).status_code == 403


def test_the_review_s_own_page_is_live(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    TemplateReview.objects.update(status="waiting", submitted_at=timezone.now(), approved_until=None)
    assert "theme/live.js" in client.get(url("change", office.review.pk)).content.decode()
    first = client.get(url("state", office.review.pk)).json()
    again = client.get(url("state", office.review.pk)).json()
    assert first["open"] is True
    assert first["parts"]["review-state"]["mark"] == again["parts"]["review-state"]["mark"]
    TemplateReview.objects.update(status="rejected", vendor_message="图片不清晰")
    last = client.get(url("state", office.review.pk)).json()
    assert last["open"] is False
    assert "图片不清晰" in last["parts"]["review-state"]["html"]


def test_the_version_s_page_is_live_too(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    page = reverse("admin:templates_5g_templateversion_change", args=[office.version.pk])
    address = reverse("admin:templates_5g_templateversion_reviews", args=[office.version.pk])
    assert "theme/live.js" not in client.get(page).content.decode()
    TemplateReview.objects.update(status="waiting", submitted_at=timezone.now(), approved_until=None)
    assert "theme/live.js" in client.get(page).content.decode()
    TemplateReview.objects.update(status="approved", approved_until=timezone.now() + timedelta(days=1, hours=2))
    news = client.get(address).json()
    assert news["open"] is False
    assert "还剩 1 天" in news["parts"]["version-reviews"]["html"]
    assert signed_in().get(address).status_code == 403


def test_the_list_of_reviews_is_filtered_by_the_end(office: Office) -> None:
    client, address = signed_in(roles.MARKETING), url("changelist")

    def shown(ends: str) -> bool:
        links = read(client.get(f"{address}?ends={ends}")).links
        return any(link.startswith(url("change", office.review.pk)) for link in links)

    assert [shown(ends) for ends in ("soon", "over", "never")] == [False, False, False]
    ends_in(office.review, days=3)
    assert [shown(ends) for ends in ("soon", "over", "never")] == [True, False, False]
    ends_in(office.review, days=-3)
    assert [shown(ends) for ends in ("soon", "over", "never")] == [False, True, False]
    TemplateReview.objects.update(renews_itself=True, approved_until=None)
    assert [shown(ends) for ends in ("soon", "over", "never")] == [False, False, True]


@pytest.mark.parametrize("text", ["²", "9" * 30, "-1", "", "٣", "1e3", "<b>"])
def test_nonsense_in_the_address_is_no_error(office: Office, text: str) -> None:
    client = signed_in(roles.MARKETING)
    for name in ("p", "template", "audience", "show", "send_on"):
        assert client.get(MATRIX, {name: text}).status_code == 200, name
    assert client.get(url("matrix_state"), {"v": f"{text},{text}", "audience": text}).json() == {
        "parts": {}, "open": False,
    }  # fmt: skip
    assert client.get(url("submit", office.version.pk), {"account": text}).status_code == 200
    assert client.get(f"/admin/messaging/templatereview/{text or 0}/change/").status_code in (302, 404)


def test_links_lead_only_where_this_person_may_go(office: Office) -> None:
    account = reverse("admin:messaging_vendoraccount_change", args=[office.account.pk])
    page = read(signed_in(roles.MARKETING).get(url("change", office.review.pk)))
    assert account not in page.links
    assert "账号 rcs_gateway" in page.text
    assert account in read(signed_in(superuser=True).get(url("change", office.review.pk))).links


def test_submitting_is_offered_only_where_some_account_can_take_it(office: Office) -> None:
    client, submit = signed_in(roles.MARKETING), url("submit", office.version.pk)
    TemplateReview.objects.update(approved_until=None)
    others = [one.pk for one in office.others]
    for account in VendorAccount.objects.filter(pk__in=others):
        TemplateReview.objects.create(version=office.version, account=account, status="waiting")
    assert submit not in read(client.get(MATRIX)).links
    page = client.get(submit)
    assert "现在没有账号能收这一版" in read(page).text
    TemplateReview.objects.filter(pk=office.review.pk).update(status="rejected")
    assert submit in read(client.get(MATRIX)).links
    assert "现在没有账号能收这一版" not in read(client.get(submit)).text
