"""Unknown outcomes by the person and by several batches: who may be marked, what follows, and that all is kept."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.deliveries.status import delivery_status, dispatch_counts
from messaging.models import Attempt, Batch, Delivery, Dispatch
from messaging.sending import unknown as sending_unknown
from messaging.states import OwnStatus
from tests.messaging.admin.conftest import Office
from tests.people import person, signed_in, token_on

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(hours=80)


def unknown(office: Office, people: int = 5, first: int = 13900000001, since: Any = LONG_AGO) -> Batch:
    dispatch = Dispatch.objects.create(account=office.account, version=office.version, title="会员日", total=people)
    batch = Batch.objects.create(
        dispatch=dispatch, account=office.account, number=1, size=people, state="unknown", claimed_at=since
    )
    Attempt.objects.create(
        batch=batch,
        account=office.account,
        number=1,
        reference="r",
        outcome="unknown",
        started_at=since,
        reason="no_answer",
    )
    Delivery.objects.bulk_create(
        Delivery(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=str(first + n))
        for n in range(people)
    )
    return batch


def keys(batch: Batch) -> list[int]:
    return list(batch.deliveries.order_by("pk").values_list("pk", flat=True))


def statuses(batch: Batch) -> list[str]:
    return [delivery_status(row) for row in batch.deliveries.select_related("batch").order_by("pk")]


class TestMarking:
    def test_some_as_not_sent(self, office: Office) -> None:
        batch, actor = unknown(office), person(roles.CAMPAIGNS)
        assert sending_unknown.mark_people(batch, keys(batch)[:2], actor, "服务商清单", sent=False) == 2
        assert statuses(batch) == ["rejected", "rejected", "unknown", "unknown", "unknown"]
        assert dispatch_counts([batch.dispatch_id]) == {"rejected": 2, "unknown": 3}
        batch.refresh_from_db()
        assert (batch.state, batch.n_rejected) == ("unknown", 2)
        event = AuditEvent.objects.get()
        assert (event.action, event.actor, event.detail) == (
            "unknown.people_marked_not_sent",
            actor,
            {"reason": "服务商清单", "people": 2},
        )

    def test_some_as_sent_are_silent_and_a_receipt_still_counts(self, office: Office) -> None:
        batch = unknown(office)
        assert sending_unknown.mark_people(batch, keys(batch)[:1], None, "x", sent=True) == 1
        assert statuses(batch)[0] == "no_receipt"
        assert Delivery.objects.get(pk=keys(batch)[0]).own_status < OwnStatus.DELIVERED

    @pytest.mark.parametrize(("sent", "state"), [(True, "submitted"), (False, "rejected")])
    def test_the_last_one_settles_the_batch(self, office: Office, sent: bool, state: str) -> None:
        batch, actor = unknown(office), person(roles.CAMPAIGNS)
        sending_unknown.mark_people(batch, keys(batch)[:3], actor, "x", sent=False)
        assert sending_unknown.mark_people(batch, keys(batch)[3:], actor, "x", sent=sent) == 2
        batch.refresh_from_db()
        assert batch.state == state
        assert Attempt.objects.get(batch=batch).signed_by == actor

    def test_nobody_twice_and_no_stranger(self, office: Office) -> None:
        batch, other = unknown(office), unknown(office, first=13700000001)
        assert sending_unknown.mark_people(batch, keys(batch)[:2], None, "x", sent=False) == 2
        assert sending_unknown.mark_people(batch, keys(batch)[:2] + keys(other), None, "x", sent=True) == 0
        assert statuses(other) == ["unknown"] * 5

    def test_not_sent_waits_for_the_deadline(self, office: Office) -> None:
        batch = unknown(office, since=timezone.now() - timedelta(hours=1))
        with pytest.raises(ValidationError):
            sending_unknown.mark_people(batch, keys(batch), None, "x", sent=False)
        assert sending_unknown.mark_people(batch, keys(batch)[:1], None, "x", sent=True) == 1

    def test_not_sent_is_refused_after_a_receipt(self, office: Office) -> None:
        batch = unknown(office)
        batch.n_delivered = 1
        with pytest.raises(ValidationError):
            sending_unknown.mark_people(batch, keys(batch)[:1], None, "x", sent=False)

    def test_not_while_the_vendor_is_asked(self, office: Office) -> None:
        batch = unknown(office)
        Attempt.objects.create(
            batch=batch, account=office.account, number=2, reference="r", outcome="open", started_at=timezone.now()
        )
        with pytest.raises(ValidationError):
            sending_unknown.mark_people(batch, keys(batch)[:1], None, "x", sent=False)

    def test_a_settled_batch_is_left_alone(self, office: Office) -> None:
        batch = unknown(office)
        Batch.objects.filter(pk=batch.pk).update(state="submitted")
        assert sending_unknown.mark_people(batch, keys(batch), None, "x", sent=False) == 0

    def test_the_same_questions_for_more_people(self, office: Office) -> None:
        counts = []
        for size, first in ((10, 13600000001), (20, 13500000001)):
            batch = unknown(office, size, first)
            with CaptureQueriesContext(connection) as asked:
                sending_unknown.mark_people(batch, keys(batch), None, "x", sent=False)
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestPages:
    def people_url(self, batch: Batch, act: str = "") -> str:
        name = "admin:unknown_decide_people" if act else "admin:unknown_people"
        return reverse(name, args=[batch.pk, act] if act else [batch.pk])

    def test_the_people_are_listed_masked_a_page_at_a_time(self, office: Office, monkeypatch: Any) -> None:
        batch = unknown(office)
        monkeypatch.setattr("messaging.sending.admin.unknown.PEOPLE_SHOWN", 3)
        client = signed_in(roles.CAMPAIGNS)
        page = client.get(self.people_url(batch))
        assert [key for key, _n, _v in page.context["people"]] == keys(batch)[:3]
        text = page.content.decode()
        assert "139****0001" in text
        assert "13900000001" not in text
        further = client.get(f"{self.people_url(batch)}?after={page.context['next_key']}")
        assert [key for key, _n, _v in further.context["people"]] == keys(batch)[3:]
        assert further.context["next_key"] is None

    def test_the_chosen_are_marked_once_with_a_reason(self, office: Office) -> None:
        batch, client = unknown(office), signed_in(roles.CAMPAIGNS)
        url = self.people_url(batch, "not-sent")
        chosen = keys(batch)[:2]
        page = client.post(url, {"person": chosen})
        assert "2 / 5" in page.content.decode()
        assert batch.deliveries.filter(own_status__isnull=True).count() == 5
        values = {"token": _token(page), "chosen": ",".join(map(str, chosen))}
        assert client.post(url, {**values, "reason": ""}).status_code == 200
        assert client.post(url, {**values, "reason": "服务商清单"}).status_code == 302
        client.post(url, {**values, "reason": "服务商清单"})
        assert batch.deliveries.filter(own_status=OwnStatus.REJECTED).count() == 2
        assert AuditEvent.objects.filter(action="unknown.people_marked_not_sent").count() == 1

    def test_a_token_of_others_marks_nobody(self, office: Office) -> None:
        batch, client = unknown(office), signed_in(roles.CAMPAIGNS)
        url = self.people_url(batch, "sent")
        first, second = keys(batch)[:2]
        page = client.post(url, {"person": [first]})
        client.post(url, {"token": _token(page), "chosen": str(second), "reason": "x"})
        assert not batch.deliveries.filter(own_status__isnull=False).exists()

    def test_nobody_chosen(self, office: Office) -> None:
        batch, client = unknown(office), signed_in(roles.CAMPAIGNS)
        assert client.post(self.people_url(batch, "sent")).url == self.people_url(batch)

    def test_several_batches_at_once(self, office: Office) -> None:
        old, other = unknown(office), unknown(office, first=13700000001)
        fresh = unknown(office, first=13600000001, since=timezone.now())
        client, url = signed_in(roles.CAMPAIGNS), reverse("admin:unknown_decide_batches", args=["not-sent"])
        page = client.post(url, {"batch": [old.pk, other.pk, fresh.pk]})
        text = page.content.decode()
        assert ">10<" in text
        chosen = f"{old.pk},{other.pk},{fresh.pk}"
        client.post(url, {"token": _token(page), "chosen": chosen, "reason": "余额没有变化"})
        states = [Batch.objects.get(pk=batch.pk).state for batch in (old, other, fresh)]
        assert states == ["rejected", "rejected", "unknown"]
        assert AuditEvent.objects.filter(action="unknown.marked_not_sent").count() == 2
        page = client.post(reverse("admin:unknown_decide_batches", args=["sent"]), {"batch": [fresh.pk]})
        client.post(
            reverse("admin:unknown_decide_batches", args=["sent"]),
            {"token": _token(page), "chosen": str(fresh.pk), "reason": "服务商确认"},
        )
        assert Batch.objects.get(pk=fresh.pk).state == "submitted"

    def test_filtered_by_account(self, office: Office) -> None:
        batch = unknown(office)
        other = Batch.objects.exclude(pk=batch.pk).filter(state="unknown").first()
        assert other is not None
        Batch.objects.filter(pk=other.pk).update(account=office.others[0])
        page = signed_in(roles.CAMPAIGNS).get(f"{reverse('admin:unknown_outcomes')}?account={office.account.pk}")
        assert [row.batch.pk for row in page.context["rows"]] == [batch.pk]

    def test_as_a_file(self, office: Office) -> None:
        unknown(office)
        answer = signed_in(roles.CAMPAIGNS).get(reverse("admin:unknown_export"))
        rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        assert {row[0] for row in rows[1:]} >= {"139****0001", "139****0005"}
        assert list(AuditEvent.objects.values_list("action", flat=True)) == ["unknown.exported"]

    @pytest.mark.parametrize(
        ("role", "look", "act", "file"),
        [
            (roles.CAMPAIGNS, 200, 302, 200),
            (roles.ADMINISTRATORS, 200, 403, 403),
            (roles.MARKETING, 403, 403, 403),
            (roles.SUPPORT, 403, 403, 403),
        ],
    )
    def test_roles(self, office: Office, role: str, look: int, act: int, file: int) -> None:
        batch, client = unknown(office), signed_in(role)
        assert client.get(self.people_url(batch)).status_code == look
        assert client.post(self.people_url(batch, "sent")).status_code == act
        assert client.post(reverse("admin:unknown_decide_batches", args=["sent"])).status_code == act
        assert client.get(reverse("admin:unknown_export")).status_code == file


def _token(page: Any) -> str:
    return str(page.context["token"])


def test_a_whole_batch_counts_who_is_left(office: Office) -> None:
    batch, client = unknown(office), signed_in(roles.CAMPAIGNS)
    sending_unknown.mark_people(batch, keys(batch)[:2], None, "x", sent=False)
    url = reverse("admin:unknown_decide", args=[batch.pk, "sent"])
    client.post(url, {"token": token_on(client, url), "reason": "x"})
    assert statuses(batch) == ["rejected", "rejected", "submitted", "submitted", "submitted"]
