"""Why a message did not reach a number, and that person's part of the vendor exchange."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from kit import phone_keys
from messaging.deliveries import status
from messaging.lookup import exchange
from messaging.models import Batch, Click, Delivery, Dispatch, Reply, Suppression
from tests.markup import read
from tests.messaging.admin.conftest import PHONE, Office
from tests.messaging.stage import Stage, still
from tests.people import signed_in


def page_of(phone: str = PHONE, role: str = roles.SUPPORT) -> str:
    url = reverse("admin:phone_lookup_key", args=[phone_keys.seal(phone)])
    return read(signed_in(role).get(url)).text


def round_of(office: Office, **values: Any) -> Dispatch:
    return Dispatch.objects.create(
        **{
            "title": "双十二预告",
            "version": office.version,
            "account": office.account,
            "signature": office.signature,
            "total": 1,
            **values,
        }
    )


def person(dispatch: Dispatch, batch: Batch | None = None, **values: Any) -> Delivery:
    return Delivery.objects.create(
        dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", **{"phone": PHONE, **values}
    )


def batch_of(dispatch: Dispatch, **values: Any) -> Batch:
    return Batch.objects.create(dispatch=dispatch, account=dispatch.account, number=1, size=1, **values)


def test_who_was_left_out_sees_which_opt_out_and_when(office: Office) -> None:
    stop = Suppression.objects.create(
        phone=PHONE, scope="signature", signature=office.signature, source="reply", note="R"
    )
    person(round_of(office), own_status=20, reason="suppressed")
    text = page_of()
    assert "自 今天 " in text
    assert "，客户回复：R" in text
    assert "您之前回复过退订，所以这次活动没有给您发送。" in text
    Suppression.objects.filter(pk=stop.pk).update(lifted_at=timezone.now() - timedelta(days=1))
    assert "，客户回复：R" not in page_of()


def test_an_entry_of_another_account_is_not_the_cause(office: Office) -> None:
    Suppression.objects.create(phone=PHONE, scope="account", account=office.others[0], source="hand", note="别处")
    person(round_of(office, signature=None), own_status=20, reason="suppressed")
    assert "，手工登记：别处" not in page_of()


def test_the_cap_the_wait_and_the_end_are_named(office: Office) -> None:
    person(round_of(office, cap_count=3, cap_days=7), own_status=20, reason="over_cap")
    waiting = round_of(office, state="running", window_from=time(9), window_until=time(20, 30))
    person(waiting, batch_of(waiting, not_before=timezone.now() + timedelta(days=400)))
    late = round_of(office, send_until=timezone.now() - timedelta(days=400))
    person(late, batch_of(late, state="too_late"))
    text = page_of()
    assert "上限为 7 天 3 条。" in text
    assert "只在 09:00–20:30 发送。" in text
    assert f"{(timezone.localtime() + timedelta(days=400)).year}年" in text
    assert "之后不再发送。" in text


def test_two_delivered_legs_are_told(office: Office) -> None:
    Delivery.objects.filter(phone=PHONE).update(legs_delivered=2)
    assert "不止一次到达：服务商报告了多个渠道。" in page_of()


def test_the_history_takes_four_queries_whatever_its_length(office: Office) -> None:
    for n in range(30):
        person(round_of(office, title=f"活动 {n}"), own_status=20, reason="over_cap")
        Reply.objects.create(account=office.account, key=f"q{n}", phone=PHONE, content="好", replied_at=timezone.now())
        Click.objects.create(account=office.account, key=f"c{n}", phone=PHONE, clicked_at=timezone.now())
        Suppression.objects.create(phone=PHONE, scope="all", source="hand", lifted_at=timezone.now())
    with CaptureQueriesContext(connection) as queries:
        items = status.phone_history(PHONE, limit=100)
        assert [item.row.dispatch.title for item in items if item.kind == "delivery"]
    assert len(queries) <= 4
    assert len(items) == 100


@pytest.mark.parametrize("vendor", ["rcs_gateway", "veesing", "yixintong", "emay"])
def test_the_exchange_of_one_person_at_every_vendor(db: None, sandbox: Any, vendor: str) -> None:
    with still(sandbox) as server:
        stage = Stage(server, vendor)
        campaign = stage.sent(3)
    rows = list(Delivery.objects.filter(dispatch=campaign.dispatch).select_related("batch", "dispatch__account"))
    for row in rows:
        (one,) = exchange.exchanges(row)
        assert one.why_not == ""
        assert f"{row.phone[:3]}****{row.phone[-4:]}" in one.sent
        assert not [other.phone for other in rows if other.phone in one.sent]
        others = {f"{other.phone[:3]}****{other.phone[-4:]}" for other in rows} - {
            f"{row.phone[:3]}****{row.phone[-4:]}"
        }
        assert not [other for other in others if other in one.sent]
        assert not [secret for secret in stage.account.config.secrets if secret in one.sent]
        assert [call.operation for call in one.calls]
    url = reverse("admin:phone_lookup_exchange", args=[phone_keys.seal(rows[0].phone), rows[0].pk])
    html = signed_in(roles.SUPPORT).get(url).content.decode()
    assert rows[0].phone not in html
    assert rows[0].batch.attempts.get().reference in html  # type: ignore[union-attr]


def test_the_exchange_is_for_those_allowed_and_for_this_number(office: Office) -> None:
    row = Delivery.objects.get(phone=PHONE)
    url = reverse("admin:phone_lookup_exchange", args=[phone_keys.seal(PHONE), row.pk])
    assert signed_in(roles.SUPPORT).get(url).status_code == 200
    assert signed_in(roles.ADMINISTRATORS).get(url).status_code == 200
    assert signed_in(roles.MARKETING).get(url).status_code == 403
    other = reverse("admin:phone_lookup_exchange", args=[phone_keys.seal("13812340002"), row.pk])
    assert signed_in(roles.SUPPORT).get(other).status_code == 404


def test_of_one_second_the_cause_stands_below_what_it_caused(office: Office) -> None:
    second = timezone.now().replace(microsecond=0)
    delivery = Delivery.objects.get(phone=PHONE)
    Batch.objects.filter(pk=delivery.batch_id).update(submitted_at=second + timedelta(microseconds=900_000))
    Reply.objects.all().delete()
    Reply.objects.create(account=office.account, key="q", phone=PHONE, content="R", replied_at=second)
    Click.objects.create(account=office.account, key="c", phone=PHONE, clicked_at=second)
    entry = Suppression.objects.create(phone=PHONE, scope="all", source="reply")
    Suppression.objects.filter(pk=entry.pk).update(since=second + timedelta(microseconds=5))
    assert [item.kind for item in status.phone_history(PHONE)] == ["suppression", "reply", "click", "delivery"]


def test_pages_of_a_busy_second_lose_nobody(office: Office) -> None:
    second = timezone.now().replace(microsecond=0)
    Reply.objects.all().delete()
    for n in range(12):
        at = second - timedelta(seconds=n // 3, microseconds=-n)
        Reply.objects.create(account=office.account, key=f"q{n}", phone=PHONE, content=str(n), replied_at=at)
    seen: list[str] = []
    before = None
    for _ in range(9):
        items, before = status.phone_page(PHONE, before, 5, kinds=["reply"])
        seen += [item.row.content for item in items]
        if before is None:
            break
    assert sorted(map(int, seen)) == list(range(12))


def test_only_what_was_asked_for_is_shown(office: Office) -> None:
    now = timezone.now()
    Reply.objects.create(
        account=office.account, key="old", phone=PHONE, content="早先", replied_at=now - timedelta(days=20)
    )
    url = reverse("admin:phone_lookup_key", args=[phone_keys.seal(PHONE)])
    client = signed_in(roles.SUPPORT)

    def shown(query: str) -> str:
        return read(client.get(f"{url}?{query}")).text

    assert all(words in shown("") for words in ("会员日满减", "能叠加吗", "早先"))
    assert "早先" not in shown("days=7")
    assert "早先" in shown("days=30")
    replies = shown("kind=reply&days=7")
    assert "能叠加吗" in replies
    assert "已送达" not in replies
    assert "这段时间没有这类记录" in shown("kind=click")
    assert "会员日满减" in shown("kind=nonsense&days=-1")


def test_the_words_to_say_can_be_copied_and_stand_open_where_nothing_arrived(office: Office) -> None:
    url = reverse("admin:phone_lookup_key", args=[phone_keys.seal(PHONE)])
    html = signed_in(roles.SUPPORT).get(url).content.decode()
    assert 'data-copy="#say-' in html
    assert '<details class="saying">' in html
    Delivery.objects.filter(phone=PHONE).update(own_status=50, reason="handset")
    assert '<details class="saying" open>' in signed_in(roles.SUPPORT).get(url).content.decode()
