"""The states of reviews change on the pages while one looks, under the strict policy, and keep the focus."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns import roles
from messaging import queue, reviews
from messaging.gateway.types import ReviewState
from messaging.models import TemplateReview, VendorAccount
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template
from tests.browser.test_roles import Somebody, come  # noqa: F401 - the fixture
from tests.builders import TEXT, House

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marketing(come: Any, sandbox: Any) -> tuple[Somebody, House]:  # noqa: F811
    house = House(sandbox)
    house.world.settings["auto_approve"] = False
    return come(roles.MARKETING), house


def submitted(house: House, name: str = "新品") -> TemplateReview:
    version = create_template(name, "marketing", TEXT, {}, None)
    (review,) = reviews.submit(version, house.account, signature=house.signature, chatbot=house.chatbot)
    return review


def approve(review: TemplateReview) -> None:
    review.refresh_from_db()
    review.valid_days = 7
    reviews.apply_decision(review, ReviewState.APPROVED, "审核成功", timezone.now())


def mark_page(page: Page) -> None:
    """Gone as soon as the page is loaded anew."""
    page.evaluate("window.sameDocument = true")


def is_same(page: Page) -> bool:
    return bool(page.evaluate("window.sameDocument === true"))


def test_the_matrix_goes_from_submitting_to_approved_without_loading(marketing: Any) -> None:
    me, house = marketing
    review = submitted(house)
    me.open("messaging_templatereview_matrix")
    page = me.page
    mark_page(page)
    cell = page.locator(f"#cell-{review.version_id}-{house.account.pk}")
    expect(cell).to_contain_text("送审中")
    cell.get_by_role("link").first.focus()
    queue.run_waiting()
    expect(cell).to_contain_text("审核中")
    approve(review)
    expect(cell).to_contain_text("已通过", timeout=8000)
    expect(cell).to_contain_text("还剩 6 天")
    expect(page.locator("[data-live-say]")).to_contain_text("新品 第 1 版 · 5G-主账号: 已通过")
    expect(cell.get_by_role("link").first).to_be_focused()
    assert is_same(page)


def tick(version: TemplateVersion, account: VendorAccount) -> str:
    return f'input[name="cell"][value="{version.pk}-{account.pk}"]'


@pytest.mark.parametrize("width", [1400, 390])
def test_several_cells_are_ticked_by_keys_and_submitted_in_one_go(marketing: Any, width: int) -> None:
    me, house = marketing
    spare = house.make_account("5G-备用")
    one, two = (create_template(name, "marketing", TEXT, {}, None) for name in ("新品", "节日"))
    page = me.page
    page.set_viewport_size({"width": width, "height": 844})
    me.open("messaging_templatereview_matrix")
    bar = page.locator(".actions-bar")
    expect(bar.get_by_role("button", name="送审勾选的")).to_be_disabled()
    for version, account in ((one, house.account), (one, spare), (two, spare)):
        page.locator(tick(version, account)).focus()
        page.keyboard.press("Space")
    expect(bar).to_contain_text("已选 3 格")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Space")
    expect(bar).to_contain_text("已选 2 格")
    page.keyboard.press("Space")
    bar.get_by_role("button", name="送审勾选的").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="送审到这个账号", checked=True)).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.go_back()
    expect(bar).to_contain_text("已选 3 格")
    page.go_forward()
    for version in (one, two):
        page.locator(f'select[name="version-{version.pk}-signature"]').select_option(str(house.signature.pk))
    me.press("送审")
    for version, account in ((one, house.account), (one, spare), (two, spare)):
        expect(page.locator(f"#cell-{version.pk}-{account.pk}")).to_contain_text("送审中")
    expect(page.locator(f"#cell-{two.pk}-{house.account.pk}")).to_contain_text("未送审")
    queue.run_waiting()
    expect(page.locator(f"#cell-{two.pk}-{spare.pk}")).to_contain_text("审核中", timeout=8000)


def test_a_tick_and_the_focus_on_it_outlast_the_news(marketing: Any) -> None:
    me, house = marketing
    review = submitted(house)
    TemplateReview.objects.filter(pk=review.pk).update(status="rejected", vendor_message="缺少退订方式")
    submitted(house, "节日")  # something that may change by itself, so that the page asks for news
    me.open("messaging_templatereview_matrix")
    page = me.page
    box = page.locator(tick(review.version, house.account))
    box.check()
    mark_page(page)
    TemplateReview.objects.filter(pk=review.pk).update(vendor_message="图片不清晰")
    expect(page.locator(f"#cell-{review.version_id}-{house.account.pk}")).to_contain_text("图片不清晰", timeout=8000)
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    # A cell that takes no submission any more counts no longer.
    TemplateReview.objects.filter(pk=review.pk).update(status="waiting", vendor_message="")
    expect(box).to_have_count(0, timeout=8000)
    expect(page.locator(".actions-bar")).not_to_contain_text("已选")
    assert is_same(page)


def test_the_page_stops_asking_once_nothing_is_open(marketing: Any) -> None:
    me, house = marketing
    review = submitted(house)
    queue.run_waiting()
    asked: list[str] = []
    me.page.on("request", lambda request: asked.append(request.url) if "matrix.json" in request.url else None)
    me.open("messaging_templatereview_matrix")
    approve(review)
    expect(me.page.locator(f"#cell-{review.version_id}-{house.account.pk}")).to_contain_text("已通过", timeout=8000)
    count = len(asked)
    me.page.wait_for_timeout(2600)
    assert len(asked) == count >= 1


def test_a_review_s_own_page_offers_the_next_step_as_soon_as_there_is_one(marketing: Any) -> None:
    me, house = marketing
    review = submitted(house)
    me.open("messaging_templatereview_change", review.pk)
    page = me.page
    mark_page(page)
    state = page.locator("#review-state")
    expect(state).to_contain_text("送审中")
    expect(state.get_by_role("button", name="撤回")).to_be_visible()
    TemplateReview.objects.filter(pk=review.pk).update(
        status="unknown", claimed_at=timezone.now(), submitted_at=timezone.now()
    )
    expect(state).to_contain_text("不会自动重新送审", timeout=8000)
    assert is_same(page)
    state.get_by_role("link", name="服务商处没有").click()
    page.get_by_label("怎么知道的").fill("后台列表里没有")
    page.get_by_role("button", name="确认没有").click()
    expect(page.locator(f'input[name="account-{house.account.pk}-chosen"]')).to_be_checked()
    me.press("送审")
    queue.run_waiting()
    expect(page.locator(f"#cell-{review.version_id}-{house.account.pk}")).to_contain_text("审核中", timeout=8000)


def test_the_version_s_page_follows_too(marketing: Any) -> None:
    me, house = marketing
    review = submitted(house)
    me.open("templates_5g_templateversion_change", review.version_id)
    mark_page(me.page)
    strip = me.page.locator("#version-reviews")
    expect(strip).to_contain_text("送审中")
    queue.run_waiting()
    approve(review)
    expect(strip).to_contain_text("已通过", timeout=8000)
    assert is_same(me.page)


def test_an_approval_is_renewed_with_two_clicks_and_serves_meanwhile(marketing: Any) -> None:
    me, house = marketing
    old = house.version.reviews.get()
    ends = timezone.now() + timedelta(days=1, hours=1)
    TemplateReview.objects.filter(pk=old.pk).update(approved_until=ends, signature=house.signature)
    me.open("messaging_templatereview_matrix")
    cell = me.page.locator(f"#cell-{house.version.pk}-{house.account.pk}")
    expect(cell).to_contain_text("即将到期")
    expect(cell).to_contain_text("还剩 1 天")
    cell.get_by_role("link", name="续期").click()
    expect(me.page.locator("main")).to_contain_text("发送照常用原来的审核")
    me.press("送审")
    expect(cell).to_contain_text("续期")
    queue.run_waiting()
    renewal = house.version.reviews.get(renewal=True)
    approve(renewal)
    expect(cell).not_to_contain_text("即将到期", timeout=8000)
    expect(cell).to_contain_text("还剩 6 天")
    assert reverse("admin:messaging_templatereview_change", args=[renewal.pk]) in cell.inner_html()
