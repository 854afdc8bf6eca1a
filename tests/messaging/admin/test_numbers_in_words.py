"""Who may not see full numbers reads none: not in a form, not in variables, not in what customers wrote. Look-ups are counted."""

import json
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from campaigns.models import AuditEvent
from kit import phone_keys
from messaging.eligibility import entries
from messaging.models import Batch, Click, Delivery, LookupCount, Reply, Signature, Suppression, VendorAccount
from messaging.worker import sweep
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db

PHONE, OTHER = "13812349876", "13900001112"
WAYS = (OTHER, "139-0000-1112", "139 0000 1112", "+86 13900001112", "１３９００００１１１２")


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    body = answer.getvalue() if answer.streaming else answer.content
    return body.decode("utf-8-sig", "replace")


def digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


class TestRegisteringFromAPage:
    def address(self) -> str:
        return f"{reverse('admin:messaging_suppression_add')}?key={phone_keys.seal(PHONE)}"

    @pytest.mark.parametrize("role", [roles.SUPPORT])
    def test_the_number_is_shown_masked_and_registered_in_full(self, role: str) -> None:
        client = signed_in(role)
        page = client.get(self.address())
        assert PHONE not in text_of(page)
        inputs = read(page).inputs
        assert inputs["phone"]["value"] == "138****9876"
        assert "disabled" in inputs["phone"]
        data = {"key": inputs["key"]["value"], "scope": "all", "note": "来电要求"}
        done = client.post(self.address(), data)
        assert done.status_code == 302
        entry = Suppression.objects.get()
        assert (entry.phone, entry.scope, entry.note) == (PHONE, "all", "来电要求")
        event = AuditEvent.objects.get(action="suppression.entered")
        assert (event.actor, event.detail["phone"]) == (person(role), "138****9876")

    def test_a_reason_is_asked_for_and_the_number_stays_masked_meanwhile(self) -> None:
        client = signed_in(roles.SUPPORT)
        key = read(client.get(self.address())).inputs["key"]["value"]
        again = client.post(self.address(), {"key": key, "scope": "all", "note": ""})
        assert PHONE not in text_of(again)
        assert read(again).inputs["phone"]["value"] == "138****9876"
        assert not Suppression.objects.exists()

    def test_what_is_posted_beside_the_key_changes_nothing(self) -> None:
        client = signed_in(roles.SUPPORT)
        key = read(client.get(self.address())).inputs["key"]["value"]
        client.post(self.address(), {"key": key, "phone": OTHER, "scope": "all", "note": "x"})
        assert Suppression.objects.get().phone == PHONE

    @pytest.mark.parametrize(("typed", "kept"), [(PHONE, PHONE), ("", None), ("123", None), ("138 1234 9876", PHONE)])
    def test_without_a_key_it_is_typed(self, typed: str, kept: str | None) -> None:
        data = {"phone": typed, "scope": "all", "note": "x", "key": "unsinn"}
        signed_in(roles.SUPPORT).post(reverse("admin:messaging_suppression_add"), data)
        assert list(Suppression.objects.values_list("phone", flat=True)) == ([kept] if kept else [])


@pytest.fixture
def history(house: Any) -> Any:
    """A person who wrote, clicked, opted out and was sent to, with another's number in every text."""
    now = timezone.now()
    dispatch = house.make_dispatch([PHONE], variables={"姓名": "王芳", "备用": "139-0000-1112"})
    delivery = Delivery.objects.get()
    Batch.objects.update(state="unknown", submitted_at=now - timedelta(hours=80))
    Delivery.objects.update(vendor_message=f"call {OTHER}")
    reply = Reply.objects.create(
        account=house.account,
        phone=PHONE,
        content="请打 139 0000 1112 找我",
        key="1",
        replied_at=now,
        delivery=delivery,
    )
    Click.objects.create(
        account=house.account, phone=PHONE, url=f"https://x.example/?p={OTHER}", key="2", clicked_at=now
    )
    entries.suppress(PHONE, source="hand", note=f"他说打 {OTHER}", actor=person(roles.SUPPORT))
    return reply, delivery, dispatch


class TestWords:
    @pytest.mark.parametrize("role", [roles.CAMPAIGNS, roles.ADMINISTRATORS])
    def test_pages_hide_it_from_who_may_not_see_numbers(self, role: str, history: Any) -> None:
        reply, _delivery, dispatch = history
        client = signed_in(role)
        batch = Batch.objects.get()
        addresses = [
            reverse("admin:messaging_reply_changelist") + "?box=all",
            reverse("admin:messaging_reply_change", args=[reply.pk]) + "?box=all",
            reverse("admin:messaging_reply_changes") + f"?box=all&chosen={reply.pk}",
            reverse("admin:phone_lookup_key", args=[phone_keys.seal(PHONE)]),
            reverse("admin:phone_lookup_exchange", args=[phone_keys.seal(PHONE), Delivery.objects.get().pk]),
            reverse("admin:messaging_suppression_changelist"),
            reverse("admin:messaging_suppression_export"),
        ]
        if role == roles.CAMPAIGNS:
            addresses.append(reverse("admin:unknown_people", args=[batch.pk]))
        for address in addresses:
            shown = text_of(client.get(address))
            assert OTHER not in digits(shown.replace("****", "x")), address
            assert "139****1112" in shown or "exchange" in address, address

    def test_support_reads_it(self, history: Any) -> None:
        reply, *_rest = history
        shown = text_of(
            signed_in(roles.SUPPORT).get(reverse("admin:messaging_reply_change", args=[reply.pk]) + "?box=all")
        )
        assert "139 0000 1112" in shown

    @pytest.mark.parametrize("way", WAYS)
    def test_in_every_way_of_writing(self, way: str, house: Any) -> None:
        Reply.objects.create(
            account=house.account, phone=PHONE, content=f"打 {way} 吧", key="1", replied_at=timezone.now()
        )
        shown = text_of(signed_in(roles.CAMPAIGNS).get(reverse("admin:messaging_reply_changelist") + "?box=all"))
        assert "打 139****1112 吧" in unicodedata.normalize("NFKC", shown)

    def test_rows_for_the_editor_hide_it_from_marketing(self) -> None:
        from campaigns.models import Audience, AudienceImport, AudienceMember

        audience = Audience.objects.create(name="老客", columns=["备用"], size=1)
        source = AudienceImport.objects.create(audience=audience, file_name="a.csv", state="done")
        AudienceMember.objects.create(
            audience=audience, source=source, line=2, phone=PHONE, variables={"备用": "139-0000-1112"}
        )
        address = reverse("admin:templates_5g_templateversion_rows") + f"?audience={audience.pk}"
        shown = json.loads(text_of(signed_in(roles.MARKETING).get(address)))
        assert "139****1112" in json.dumps(shown)
        assert OTHER not in digits(json.dumps(shown).replace("****", "x"))

    def test_the_trail_hides_what_people_write_into_reasons(self) -> None:
        entry = entries.suppress(PHONE, source="hand", note="x", actor=person(roles.SUPPORT))
        entries.lift(entry, actor=person(roles.SUPPORT), reason=f"改打 {OTHER}")
        assert AuditEvent.objects.get(action="suppression.lifted").detail["reason"] == "改打 139****1112"


class TestLookups:
    def look(self, client: Client, n: int) -> Any:
        return client.post(reverse("admin:phone_lookup"), {"phone": f"1381{n:04d}876"[:11].ljust(11, "6")})

    def test_so_many_an_hour_and_each_is_written_down(self, settings: Any) -> None:
        settings.SONGDA = {**settings.SONGDA, "LOOKUPS_PER_HOUR": 3}
        with time_machine.travel("2026-03-01T12:20:00+08:00", tick=False) as clock:
            client = signed_in(roles.ADMINISTRATORS)
            answers = [self.look(client, n) for n in range(8)]
            assert [answer.status_code for answer in answers] == [302] * 3 + [200] * 5
            assert "3" in read(answers[-1]).text
            assert "40" in read(answers[-1]).text
            other = signed_in(roles.SUPPORT)
            assert self.look(other, 1).status_code == 302
            clock.shift(timedelta(minutes=40))
            assert self.look(client, 1).status_code == 302
        mine = AuditEvent.objects.filter(actor=person(roles.ADMINISTRATORS))
        assert mine.filter(action="number.looked_up").count() == 4
        assert mine.filter(action="number.looked_up").first().detail["phone"].startswith("138****")
        assert mine.filter(action="number.limit_reached").count() == 1

    def test_every_box_that_takes_a_number_counts(self, house: Any, settings: Any) -> None:
        from campaigns.models import Campaign

        settings.SONGDA = {**settings.SONGDA, "LOOKUPS_PER_HOUR": 0}
        client = signed_in(superuser=True)
        for name in ("messaging_suppression_search", "messaging_reply_search", "messaging_receipt_search"):
            answer = client.post(reverse(f"admin:{name}"), {"phone": PHONE}, follow=True)
            assert "q=" not in answer.redirect_chain[-1][0], name
        assert client.post(reverse("admin:phone_lookup"), {"phone": PHONE}).status_code == 200
        assert not AuditEvent.objects.filter(action="number.looked_up").exists()
        assert not Campaign.objects.exists()

    def test_a_hundred_unless_the_setting_says_otherwise(self, settings: Any) -> None:
        assert settings.SONGDA["LOOKUPS_PER_HOUR"] == 100

    def test_old_counts_are_forgotten(self) -> None:
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.SUPPORT)
            self.look(client, 1)
            clock.shift(timedelta(hours=26))
            self.look(signed_in(roles.SUPPORT), 2)
            sweep.clean()
            assert LookupCount.objects.count() == 1


class TestDeletions:
    """Whatever is deleted on a page, one by one or many at once, is in the trail with its name."""

    def rows(self, house: Any) -> dict[str, list[Any]]:
        from campaigns.models import OperatorPrefix
        from messaging.models import Chatbot

        spare = VendorAccount.objects.create(name="备用账号", vendor="rcs_gateway", base_url="https://x.example")
        return {
            "messaging_vendoraccount": [spare],
            "messaging_signature": [Signature.objects.create(text=text) for text in ("一", "二")],
            "messaging_chatbot": [Chatbot.objects.create(account=spare, name="发送号", signature=house.signature)],
            "campaigns_operatorprefix": list(OperatorPrefix.objects.all()[:2]),
        }

    @pytest.mark.parametrize(
        "name", ["messaging_signature", "messaging_chatbot", "campaigns_operatorprefix", "messaging_vendoraccount"]
    )
    def test_many_at_once(self, name: str, house: Any) -> None:
        rows = self.rows(house)
        if name == "messaging_vendoraccount":
            rows["messaging_chatbot"][0].delete()
        names = sorted(str(row) for row in rows[name])
        data = {"action": "delete_selected", "_selected_action": [row.pk for row in rows[name]], "post": "yes"}
        signed_in(roles.ADMINISTRATORS).post(reverse(f"admin:{name}_changelist"), data)
        events = AuditEvent.objects.filter(action="record.deleted")
        assert sorted(event.target_name for event in events) == names
        assert {event.actor for event in events} == {person(roles.ADMINISTRATORS)}
        assert not type(rows[name][0]).objects.filter(pk__in=[row.pk for row in rows[name]]).exists()

    def test_one_on_its_page(self, house: Any) -> None:
        (row, _other) = self.rows(house)["messaging_signature"]
        signed_in(roles.ADMINISTRATORS).post(
            reverse("admin:messaging_signature_delete", args=[row.pk]), {"post": "yes"}
        )
        assert AuditEvent.objects.get(action="record.deleted").target_name == str(row)

    def test_what_is_protected_stays_and_nothing_is_said(self, house: Any) -> None:
        house.make_dispatch([PHONE])
        data = {"action": "delete_selected", "_selected_action": [house.signature.pk], "post": "yes"}
        signed_in(roles.ADMINISTRATORS).post(reverse("admin:messaging_signature_changelist"), data)
        assert Signature.objects.filter(pk=house.signature.pk).exists()
        assert not AuditEvent.objects.filter(action="record.deleted").exists()
