"""Every way in which a message goes out, through the doors that people and other systems use, at one account of the sandbox."""

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.lifecycle import follow_ups
from campaigns.models import Audience, AudienceImport, Campaign
from messaging.models import KeywordRule, Reply, SendingPolicy, VendorAccount
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template
from tests.builders import House, handed_over
from tests.campaigns.api.conftest import Caller
from tests.people import signed_in, token_on

AUDIENCES = "/admin/campaigns/audience/"
Row = tuple[str, Mapping[str, str]]
LONG_AGO = "2026-01-01"
# No limit, no window, nobody to ask: what a test wants of these it says.
FREE: dict[str, Any] = {
    **dict.fromkeys(
        ("approve_people", "approve_cost", "marketing_from", "marketing_until", "notice_from", "notice_until")
    ),
    **dict.fromkeys(("tests_of_person", "tests_of_all", "api_notices_hour", "api_notices_day", "canary_percent")),
    "approve_first_use": False,
    "approve_outside_hours": False,
    "type_above": 1_000_000,
}


def rules(**values: Any) -> None:
    """The sending policy from now on."""
    SendingPolicy(**{**FREE, **values}).save()


def file_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


class Doors:
    """`run_queue` runs what waits for workers: all of it, or so many jobs. What has no reader is written in Chinese."""

    def __init__(self, house: House, run_queue: Callable[..., int], folder: Path) -> None:
        self.house, self.folder = house, folder
        self.run_queue = translation.override("zh-hans")(run_queue)
        self.world, self.account, self.signature = house.world, house.account, house.signature
        self.manager = signed_in(superuser=True)
        self.system = Caller("send", "campaigns", "suppressions")
        self.outside = Client()
        self.checked: dict[str, Any] = {}
        self.seconds = itertools.count()
        self.world.settings["auto_receipt"] = False

    # --- what is sent, and to whom ------------------------------------------------------------------------------------

    def template(
        self, name: str, text: str, purpose: str = "marketing", accounts: Sequence[VendorAccount] = ()
    ) -> TemplateVersion:
        """A text that these accounts (the first one, where none is named) have approved."""
        version = create_template(name, purpose, {"kind": "text", "text": text, "suggestions": []}, {}, None)
        self.world.settings["auto_approve"] = True
        for account in accounts or (self.account,):
            chatbot = self.house.chatbot if account == self.account else None
            (review,) = handed_over(version, account, signature=self.signature, chatbot=chatbot)
            decision = {"templateId": int(review.vendor_template_id), "status": 1, "message": "审核成功"}
            self.push("review", decision, account)
        self.run_queue()
        version.refresh_from_db()
        return version

    def audience(self, name: str, file: bytes, **consent: str) -> Audience:
        data = {"name": name, "file": SimpleUploadedFile("名单.csv", file), **consent}
        self._confirmed(self.manager.post(f"{AUDIENCES}add/", data))
        return Audience.objects.get(name=name)

    def more_people(self, audience: Audience, file: bytes) -> None:
        """Another file for it."""
        data = {"file": SimpleUploadedFile("名单.csv", file)}
        self._confirmed(self.manager.post(f"{AUDIENCES}{audience.pk}/upload/", data))

    def _confirmed(self, answer: Any) -> None:
        """The file goes on with the guessed columns."""
        assert answer.status_code == 302, answer.content.decode()
        source = AudienceImport.objects.latest("pk")
        chosen = {
            name: str(source.mapping[name]) for name in ("consent_on", "consent_source") if name in source.mapping
        }
        used = {f"use_{index}": "1" for index in source.mapping["variables"].values()}
        page = f"{AUDIENCES}file/{source.pk}/"
        self.manager.post(page, {"phone": source.mapping["phone"], **chosen, **used})
        self.run_queue()
        self.manager.post(f"{page}confirm/")
        source.refresh_from_db()
        assert source.state == "done", (source.state, source.error)

    # --- the ways ------------------------------------------------------------------------------------------------------

    def campaign(self, version: TemplateVersion, audience: Audience, **values: Any) -> Campaign:
        """Checked and started by a system; `checked` is then what the check found."""
        given = {
            "name": f"活动{Campaign.objects.count() + 1}",
            "signature": self.signature,
            "chatbot": self.house.chatbot,
        }
        given |= {"account": self.account, "created_by": self.system.token.created_by}
        campaign = Campaign.objects.create(version=version, audience=audience, **{**given, **values})
        self.checked = self._called(f"/campaigns/{campaign.pk}/check/")["report"]
        confirmed = {"people": self.checked["to_send"], "again": self.checked["again"]}
        self._called(f"/campaigns/{campaign.pk}/start/", confirmed)
        campaign.refresh_from_db()
        return campaign

    def _called(self, path: str, data: Any = None) -> Any:
        answer = self.system.post(path, data)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def follow_up(self, campaign: Campaign, groups: Sequence[str]) -> None:
        page = reverse("admin:campaigns_campaign_again_confirm", args=[campaign.pk])
        page = f"{page}?{'&'.join(f'group={group}' for group in groups)}"
        sent = self.manager.post(page, {"token": token_on(self.manager, page)})
        assert sent.status_code == 302
        assert sent.url == reverse("admin:campaigns_campaign_progress", args=[campaign.pk]), sent.url

    @staticmethod
    @translation.override("zh-hans")
    def fall_back(campaign: Campaign) -> None:
        """As the tick does it now and then."""
        follow_ups.fall_back(campaign)

    def order(self, version: TemplateVersion, rows: Sequence[Row], **values: Any) -> Any:
        """The response of the API."""
        people = [{"phone": phone, "variables": dict(variables)} for phone, variables in rows]
        names = {"account": self.account.name, "signature": self.signature.text, "template": version.template.name}
        return self.system.order({**names, "recipients": people, **values})

    def test(self, version: TemplateVersion, numbers: Sequence[str], **variables: str) -> None:
        """Over the page, whose fields of variables stand in the order of the text."""
        page = reverse("admin:messaging_dispatch_test_send", args=[version.pk, self.account.pk])
        fields = {f"variable_{index}": value for index, value in enumerate(variables.values())}
        fields |= {"numbers": "\n".join(numbers), "signature": self.signature.pk, "chatbot": self.house.chatbot.pk}
        sent = self.manager.post(page, {**fields, "token": token_on(self.manager, page, fields)})
        assert sent.status_code == 302

    def replies(self, numbers: Sequence[str], content: str) -> None:
        """Customers write this; a worker has still to look at it."""
        # The same words of the same people in the same second would be one push that is repeated.
        at = f"{timezone.localtime() + timedelta(seconds=next(self.seconds)):%Y-%m-%d %H:%M:%S}"
        self.push("reply", [{"taskId": "", "mobile": x, "content": content, "deliverTime": at} for x in numbers])

    def answer(self, reply: Reply, text: str) -> None:
        page = reverse("admin:messaging_reply_change", args=[reply.pk])
        fields = {"text": text, "signature": self.signature.pk, "token": token_on(self.manager, page)}
        assert self.manager.post(reverse("admin:messaging_reply_answer", args=[reply.pk]), fields).status_code == 302

    @staticmethod
    def keyword(word: str, text: str, **values: Any) -> KeywordRule:
        """Whoever writes the word gets the text, at any hour."""
        given = {"match": "exact", "action": "answer", "answers_from": None, "answers_until": None, **values}
        return KeywordRule.objects.create(word=word, text=text, **given)

    @translation.override("zh-hans")
    def texts(self, text: str, rows: Sequence[Row], purpose: str, account: VendorAccount | None = None) -> None:
        """By the command. Raises CommandError."""
        names = list(dict.fromkeys(name for _phone, variables in rows for name in variables))
        path = self.folder / "people.csv"
        path.write_bytes(file_of(["phone", *names], [[p, *(v.get(n, "") for n in names)] for p, v in rows]))
        given = {
            "purpose": purpose,
            "signature": self.signature.text,
            "title": "文本",
            "yes": True,
            "stdout": io.StringIO(),
        }
        call_command("send_texts", (account or self.account).name, str(path), text, **given)

    # --- what comes back -----------------------------------------------------------------------------------------------

    def push(self, kind: str, elements: Any, account: VendorAccount | None = None) -> None:
        """To the callback of the first account, or of this one."""
        body, headers = self.house.sealed_bytes(json.dumps(elements).encode())
        account = account or self.account
        address = f"/callbacks/{account.vendor}/{account.callback_token}/{kind}/"
        answer = self.outside.post(address, body, content_type="text/plain", headers=headers)
        assert answer.status_code == 200, answer.content

    def receipts(self, statuses: Mapping[str, str]) -> None:
        """Number -> what the vendor says of its newest message to it, "" for nothing."""
        newest = {line.phone: line for line in self.world.ledger}
        at = timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")
        said = [(newest[phone], {"mobile": phone, "status": status}) for phone, status in statuses.items() if status]
        made = {"message": "", "type": 4, "reportTime": at}
        self.push("receipt", [{"taskId": x.task_id, "callData": x.reference, **one, **made} for x, one in said])
        self.run_queue()
