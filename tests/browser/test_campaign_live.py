"""The progress page in a browser: the timeline and its table come to date without a reload; boxes are chosen all at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns import preflight
from campaigns.lifecycle import steps
from messaging.models import Batch, Delivery
from messaging.states import BatchState, OwnStatus
from tests.campaigns.conftest import Maker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin_page(page: Page, complaints: Any, live_server: Any, closed_first: None) -> Page:
    client = Client()
    client.force_login(User.objects.create_superuser("wang", "w@a.example", "x"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.set_default_timeout(10_000)
    return page


def begun() -> Any:
    make = Maker()
    campaign = make.campaign(make.people(12))
    preflight.check(campaign)
    steps.confirm_and_start(campaign, "", None)
    campaign.dispatch.batches.update(state=BatchState.SUBMITTED, submitted_at=timezone.now(), claimed_at=timezone.now())
    return campaign


def test_the_timeline_comes_to_date_without_a_reload(admin_page: Page, live_server: Any) -> None:
    campaign = begun()
    admin_page.goto(live_server.url + reverse("admin:campaigns_campaign_progress", args=[campaign.pk]))
    admin_page.evaluate("window.stayed = true")
    expect(admin_page.locator("[data-timeline] canvas")).to_be_visible()
    admin_page.click("[data-timeline] summary")
    totals = admin_page.locator("[data-timeline] tfoot td")
    expect(totals).to_have_text(["12", "0", "0", "0"])
    people = list(campaign.dispatch.deliveries.order_by("phone")[:3].values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=people).update(own_status=OwnStatus.DELIVERED, reported_at=timezone.now())
    Batch.objects.filter(dispatch=campaign.dispatch, number=1).update(n_delivered=3)
    expect(totals).to_have_text(["12", "3", "0", "0"])
    assert admin_page.locator("[data-timeline] tbody tr").count() >= 1
    assert "3" in (admin_page.locator("[data-timeline] canvas").get_attribute("aria-label") or "")
    assert admin_page.evaluate("window.stayed")


def test_all_people_of_an_unknown_batch_are_chosen_with_one_box(admin_page: Page, live_server: Any) -> None:
    campaign = begun()
    batch = campaign.dispatch.batches.order_by("number").first()
    long_ago = timezone.now() - timedelta(hours=80)
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.UNKNOWN, claimed_at=long_ago)
    admin_page.goto(live_server.url + reverse("admin:unknown_people", args=[batch.pk]))
    boxes = admin_page.locator("tbody input[type=checkbox]")
    assert boxes.count() == batch.size
    admin_page.check("[data-choose-all]")
    assert admin_page.locator("tbody input:checked").count() == batch.size
    boxes.first.uncheck()
    assert admin_page.evaluate("document.querySelector('[data-choose-all]').indeterminate")
    admin_page.click(f"button[formaction$='/{batch.pk}/people/not-sent/']")
    admin_page.fill("#id_reason", "服务商清单")
    admin_page.click("button.danger")
    expect(admin_page.locator(".messagelist")).to_contain_text(str(batch.size - 1))
    assert batch.deliveries.filter(own_status=OwnStatus.REJECTED).count() == batch.size - 1
