"""A day in the life of a small shop: at least one row of everything that a page shows, made through the doors where there is one.

The clock stands at MOMENT; what is older was made while it stood earlier."""

import struct
import zlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client

from tests.access.walk import PHONE
from tests.builders import House
from tests.golden.stable import MOMENT, json_in_one_order
from tests.golden.systems import System, rows, set_rules
from tests.people import integrator, person, person_with, signed_in, token_on
from tests.workbooks import workbook

MARKETING, CAMPAIGNS, SUPPORT, ADMINISTRATORS = "营销", "活动", "客服", "管理员"
NOTICE = {"kind": "text", "text": "${姓名}您好，余额${余额}，请到店领取。", "suggestions": []}
PAY = {
    "kind": "open_url",
    "label": "立即抢购",
    "data": "buy",
    "url": "https://shop.example.com/vip",
    "application": "browser",
}
CALL = {"kind": "dial", "label": "联系客服", "data": "call", "phone": "4001234567"}
LATER = {"kind": "reply", "label": "稍后提醒", "data": "remind"}
VIP = (PHONE, "13800000002", "13800000003", "13800000004", "13800000005", "13800000006")
HEADER = "手机号,余额,姓名\n"  # in the order that PostgreSQL gives the names of variables
LIST = HEADER + "".join(f"{phone},{n}0,客{n}\n" for n, phone in enumerate(VIP)) + f"138,3,王五\n{PHONE},4,赵六\n"
NEWS = HEADER + "".join(f"139000000{n:02d},{n},新客{n}\n" for n in range(1, 31))
PRICES = {"rcs": "0.0800", "sms": "0.0450", "mms": "0.1500"}
OTHERS = {
    "emay": ("短信-亿美", {"app_id": "EUCP-1", "secret_key": "0123456789ABCDEF"}, {"status": "ok"}),
    "yixintong": ("短信-易信通", {"sp_code": "1", "app_key": "k", "app_secret": "s"}, {"status": "untested"}),
    "veesing": (
        "彩信-维信",
        {"app_id": "app", "app_key": "key"},
        {"status": "stopped", "stop_reason": "credentials", "stop_detail": "appKey error", "trouble_streak": 3},
    ),
    "hanwg": ("5G-汉网", {"account": "dh1", "password": "p"}, {"status": "off"}),
}


def png(width: int, height: int, grey: int) -> bytes:
    """One grey, not packed: the same bytes with every library."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packed = zlib.compress(b"".join(b"\0" + bytes([grey]) * width for _line in range(height)), 0)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


class Scene:
    """`of(model)` is the row that stands for a model in addresses."""

    def __init__(self, sandbox: Any, run_queue: Callable[[], int], clock: Any) -> None:
        self.sandbox, self.run_queue, self.clock = sandbox, run_queue, clock
        self.chosen: dict[str, Any] = {}
        rows("Fence").update(mark="abcdef")  # stands in every reference
        self.root = signed_in(superuser=True)
        self.clock.move_to(MOMENT - timedelta(days=3))
        set_rules(same_content_days=7, approve_people=20)
        self._people()
        self._accounts()
        self._media()
        self._templates()
        self._audiences()
        self.clock.move_to(MOMENT - timedelta(days=2))
        self._finished()
        self.clock.move_to(MOMENT - timedelta(hours=2))
        self._planned()
        self._under_way()
        self._inbox()
        self._customers()
        self._reviews()
        self._systems()
        self._operations()
        self.clock.move_to(MOMENT)
        self._settle()

    def of(self, model: type[Model]) -> Any:
        name = model._meta.concrete_model.__name__ if model._meta.concrete_model else model.__name__
        if name not in self.chosen:
            self.chosen[name] = rows(name).order_by("pk").first()
        assert self.chosen[name] is not None, f"tests/golden/scene.py makes no {name}"
        return self.chosen[name]

    @staticmethod
    def all(name: str) -> list[Any]:
        return list(rows(name).order_by("pk"))

    @staticmethod
    def any(name: str, **values: Any) -> Any:
        return rows(name).filter(**values).order_by("pk").first()

    # --- people, accounts, content ------------------------------------------------------------------------------------

    def _people(self) -> None:
        for role in (MARKETING, CAMPAIGNS, SUPPORT, ADMINISTRATORS):
            person(role)
        self.colleague = person_with(CAMPAIGNS, name="同事")
        newcomer = User.objects.create(username="新来的", is_staff=True, first_name="小", last_name="刘")
        rows("RoleGrant").create(user=newcomer, group=Group.objects.get(name=SUPPORT), asked_by=person(ADMINISTRATORS))
        done = {"state": "refused", "decided_by": person(superuser=True), "decided_at": MOMENT, "reason": "先培训"}
        rows("RoleGrant").create(
            user=newcomer, group=Group.objects.get(name=CAMPAIGNS), asked_by=person(ADMINISTRATORS), **done
        )
        self.chosen["RoleGrant"] = rows("RoleGrant").get(state="pending")
        self.chosen["User"], self.chosen["Group"] = newcomer, Group.objects.get(name=CAMPAIGNS)

    def _accounts(self) -> None:
        self.house = House(self.sandbox)
        values = {"prices": PRICES, "balance": Decimal(800), "balance_unit": "yuan", "low_balance": Decimal(1000)}
        times = {"balance_at": MOMENT - timedelta(days=3), "last_ok_at": MOMENT - timedelta(hours=3)}
        old = {
            "old_callback_digest": "f" * 64,
            "old_callback_until": MOMENT + timedelta(days=4),
            "old_callback_used_at": MOMENT,
        }
        rows("VendorAccount").update(**values, **times, **old, callback_addresses="127.0.0.1\n203.0.113.0/24")
        self.account = self.house.account
        self.account.refresh_from_db()
        for vendor, (name, credentials, more) in OTHERS.items():
            made = {"vendor": vendor, "base_url": "http://127.0.0.1:9", "credentials": credentials, **more}
            stopped = {"stopped_at": MOMENT - timedelta(hours=5)} if more["status"] == "stopped" else {}
            rows("VendorAccount").create(name=name, **made, **stopped)
        rows("Signature").update(
            cmcc="filed", cucc="filed", ctcc="filed", filed_on=date(2026, 1, 5), expires_on=date(2026, 12, 5)
        )
        rows("Signature").create(text="示例会员", cmcc="pending")
        emay = rows("VendorAccount").get(vendor="emay")
        asked = {
            "asked_at": MOMENT - timedelta(minutes=3),
            "missing_since": MOMENT - timedelta(hours=3),
            "detail": "timeout",
        }
        rows("PollState").create(account=emay, kind="receipt", answered_at=MOMENT - timedelta(minutes=5), **asked)
        rows("PollState").create(account=emay, kind="reply", asked_at=MOMENT - timedelta(minutes=3))
        self.chosen |= {"VendorAccount": self.account, "Signature": self.house.signature, "Chatbot": self.house.chatbot}
        self.emay, self.poll = emay, rows("PollState").get(kind="receipt")

    def _media(self) -> None:
        client = signed_in(MARKETING)
        for name, data in {"会员日.png": png(90, 50, 200), "小图.png": png(40, 30, 90)}.items():
            answer = client.post("/admin/templates_5g/mediaasset/upload/", {"file": SimpleUploadedFile(name, data)})
            assert answer.status_code == 200, answer.content
        self.picture, self.other_picture = rows("MediaAsset").filter(is_thumbnail=False).order_by("pk")
        values = {"vendor_id": "M-1", "expires_at": MOMENT + timedelta(days=5), "note": "手工登记"}
        rows("VendorMedia").create(asset=self.picture, account=rows("VendorAccount").get(vendor="hanwg"), **values)
        self.chosen["MediaAsset"] = self.picture

    def _card(self) -> dict[str, Any]:
        media = {"asset": str(self.picture.pk), "height": "MEDIUM", "thumbnail": "", "alt": ""}
        card = {"title": "会员日满 300 减 50", "description": "${姓名}，您的余额 ${余额} 元本周可用。拒收请回复R"}
        look = {"orientation": "VERTICAL", "alignment": "", "title_style": [], "description_style": []}
        return {
            "kind": "card",
            **look,
            "card": {**card, "media": media, "suggestions": [PAY, LATER]},
            "suggestions": [CALL],
        }

    def _templates(self) -> None:
        """One approved at the gateway of a marketing and a notice text; a draft of every other kind."""
        self.notice = self.house.make_version(NOTICE, "到货通知")
        rows("MessageTemplate").filter(pk=self.notice.template_id).update(purpose="notice", note="门店到货")
        self.marketing = self.house.version
        card = self._card()
        inner = {**card["card"], "suggestions": [LATER]}
        frame = {"seconds": 5, "text": "会员日满300减50", "media": str(self.picture.pk)}
        drafts = {
            "会员日满减": (card, {"sms": {"text": "${姓名}，会员日满300减50，余额${余额}元。拒收请回复R"}}),
            "三张卡片": (
                {
                    "kind": "carousel",
                    "width": "MEDIUM",
                    "cards": [inner, {**inner, "title": "第二张"}],
                    "suggestions": [PAY],
                },
                {},
            ),
            "新品彩信": ({"kind": "mms", "title": "会员日", "frames": [frame, {**frame, "media": None}]}, {}),
            "余额短信": ({"kind": "sms", "text": "${姓名}，您的余额${余额}元。拒收请回复R"}, {}),
        }
        self.drafts = {}
        for name, (content, fallback) in drafts.items():
            template = rows("MessageTemplate").create(name=name, created_by=person(MARKETING))
            made = {
                "number": 1,
                "kind": content["kind"],
                "content": content,
                "fallback": fallback,
                "created_by": person(MARKETING),
            }
            self.drafts[name] = rows("TemplateVersion").create(template=template, variables=[], **made)
        self.card = self.drafts["会员日满减"]
        rows("MediaUse").create(version=self.card, asset=self.picture)
        second = {**card, "card": {**card["card"], "title": "会员日满 200 减 30", "suggestions": [PAY]}}
        again = rows("TemplateVersion").create(template=self.card.template, number=2, kind="card", content=second)
        rows("TemplateVersion").filter(pk=self.card.pk).update(frozen_at=MOMENT - timedelta(days=1))
        rows("MessageTemplate").create(name="旧模板", archived_at=MOMENT - timedelta(days=30))
        self.chosen |= {"TemplateVersion": again, "MessageTemplate": self.card.template}

    def _audiences(self) -> None:
        """One taken in, one that failed, one whose columns are to be chosen, one that is to be confirmed."""
        self.system = System("audiences", "campaigns", "send", "suppressions", "replies", "lookup", name="商城系统")
        self.vip = self._audience("老客", LIST)
        self.news = self._audience("新客", NEWS)
        self._audience("待确认", HEADER + "13800000009,1,张\n13800000008,2,李\n12,3,王\n", confirm=False)
        files = {"没导进来": self._broken_file()}
        for name, text in {
            "待选列": "电话,手机号,姓名\n1,13800000009,张\n",
            "正在检查": "手机号\n13800000009\n",
        }.items():
            files[name] = SimpleUploadedFile(f"{name}.csv", text.encode())
        client = signed_in(CAMPAIGNS)
        for name, file in files.items():
            client.post("/admin/campaigns/audience/add/", {"name": name, "file": file})
        self.run_queue()
        source = rows("AudienceImport").get(audience__name="正在检查")
        client.post(f"/admin/campaigns/audience/file/{source.pk}/", {"phone": "0"})
        rows("OrmQ").all().delete()
        self.chosen |= {"Audience": self.vip, "AudienceImport": rows("AudienceImport").get(audience=self.vip)}

    @staticmethod
    def _broken_file() -> SimpleUploadedFile:
        """A workbook without numbers: a worker finds out."""
        return SimpleUploadedFile("坏.xlsx", workbook([["姓名", "城市"], ["张三", "杭州"]]))

    def _audience(self, name: str, text: str, *, confirm: bool = True) -> Any:
        consent = {"consent_source": "门店登记", "consent_on": "2026-01-02"}
        answer = self.system.upload(name=name, file=SimpleUploadedFile(f"{name}.csv", text.encode()), **consent)
        assert answer.status_code == 202, answer.content
        self.run_queue()
        if confirm:
            assert self.system.call("POST", f"/imports/{answer.json()['id']}/confirm/").status_code == 200
        return rows("Audience").get(name=name)

    # --- campaigns ----------------------------------------------------------------------------------------------------

    def campaign(self, name: str, audience: Any = None, **values: Any) -> Any:
        """A checked campaign."""
        names = {"account": "5G-主账号", "signature": "示例商城", "sender": "示例商城", "template": "到货通知"}
        body = {
            "name": name,
            "audience": (audience or self.vip).pk,
            **names,
            "window_from": "08:00",
            "window_until": "22:00",
            **values,
        }
        answer = self.system.call("POST", "/campaigns/", body)
        assert answer.status_code == 201, answer.content
        made = rows("Campaign").get(name=name)
        self.system.call("POST", f"/campaigns/{made.pk}/check/")
        made.refresh_from_db()
        return made

    def start(self, campaign: Any, *, send: bool = True) -> Any:
        report = campaign.report
        body = {"people": report.to_send, "again": report.again.people}
        answer = self.system.call("POST", f"/campaigns/{campaign.pk}/start/", body)
        assert answer.status_code == 200, answer.content
        if send:
            self.run_queue()
        campaign.refresh_from_db()
        return campaign

    def push(self, kind: str, elements: Any) -> None:
        answer = self.house.push(kind, elements, client=Client())
        assert answer.status_code == 200, answer.content

    def receipt(self, phone: str, status: str = "DELIVRD", **values: Any) -> dict[str, Any]:
        """What the gateway says of its newest message to a number."""
        line = {one.phone: one for one in self.house.world.ledger}[phone]
        at = datetime.now(MOMENT.tzinfo).strftime("%Y-%m-%d %H:%M:%S")
        told = {"taskId": line.task_id, "mobile": phone, "callData": line.reference, "status": status, "reportTime": at}
        return {**told, "type": 4, "message": "", **values}

    def _finished(self) -> None:
        """Everybody has an outcome; one answered, one opted out; a follow-up to those not reached."""
        rows("Suppression").create(phone=VIP[5], source="hand", note="客户来电")
        self.done = self.start(self.campaign("十一月通知"))
        self.clock.shift(timedelta(minutes=4))
        said = [
            self.receipt(VIP[0]),
            self.receipt(VIP[1], type=1, message="短信"),
            self.receipt(VIP[2], "EXPIRED", message="手机关机"),
        ]
        self.push("receipt", [*said, self.receipt(VIP[3], "MI:9999", message="看不懂")])
        self.run_queue()
        self.clock.shift(timedelta(minutes=30))
        self.reply(VIP[0], "好的，谢谢")
        self.reply(VIP[1], "TD")
        self.run_queue()
        rows("Campaign").filter(pk=self.done.pk).update(created_by=person(CAMPAIGNS), confirmed_by=person(CAMPAIGNS))

    def _planned(self) -> None:
        """In each state before the start."""
        self.draft = self.campaign("还是草稿")
        rows("Campaign").filter(pk=self.draft.pk).update(state="draft", report={}, checked_at=None)
        self.checked = self.campaign(
            "双十二预热", start_at="2026-11-21T09:30:00+08:00", send_until="2026-11-22T20:00:00+08:00"
        )
        self.awaiting = self.campaign("新客问候", self.news)
        assert self.system.call("POST", f"/campaigns/{self.awaiting.pk}/ask/").status_code == 200
        approved = self.campaign("新客回访", self.news, canary_people=5, canary_minutes=10)
        self.system.call("POST", f"/campaigns/{approved.pk}/ask/")
        self.refused = rows("Approval").get(campaign=approved)
        decided = {"decision": "refuse", "reason": "文案有错字"}
        assert (
            self.as_colleague().post(f"/admin/campaigns/approval/{self.refused.pk}/change/", decided).status_code == 302
        )
        late = self.start(self.campaign("错过了开始", start_at="2026-11-20T08:30:00+08:00"))
        assert self.system.call("POST", f"/campaigns/{late.pk}/pause/").status_code == 200
        self.late = late
        self.scheduled = self.start(self.campaign("周末活动", start_at="2026-11-21T10:00:00+08:00"))
        self.blocked = self.campaign("发不了")
        rows("TemplateReview").filter(version=self.marketing).update(approved_until=MOMENT - timedelta(days=1))
        rows("Campaign").filter(pk=self.blocked.pk).update(version=self.marketing, state="draft")
        self.system.call("POST", f"/campaigns/{self.blocked.pk}/check/")
        self.blocked.refresh_from_db()

    def as_colleague(self) -> Client:
        return signed_in(user=self.colleague)

    def _under_way(self) -> None:
        """Running with every state of a batch; stopped by itself; paused; cancelled."""
        set_rules(same_content_days=7)
        self.running = self.start(self.campaign("新客通知", self.news), send=False)
        batches = rows("Batch").filter(dispatch=self.running.dispatch).order_by("number")
        rows("OrmQ").all().delete()
        claimed = {"claimed_at": MOMENT - timedelta(minutes=95)}
        first, second, *_rest = batches
        attempt = {"account": self.account, "number": 1, "started_at": MOMENT - timedelta(minutes=95)}
        for batch, state, outcome in ((first, "submitted", "accepted"), (second, "unknown", "unknown")):
            sent = {"submitted_at": MOMENT - timedelta(minutes=94)} if state == "submitted" else {"reason": "no_answer"}
            rows("Batch").filter(pk=batch.pk).update(state=state, attempts_made=1, **claimed, **sent)
            rows("Attempt").create(
                batch=batch, reference=f"ref-{state}", task_id=f"T-{state}", outcome=outcome, **attempt
            )
        rows("Batch").filter(pk=first.pk).update(n_delivered=2)
        told = {
            "own_status": 60,
            "channel": "rcs",
            "units": 1,
            "reported_at": MOMENT - timedelta(minutes=90),
            "vendor_message": "DELIVRD",
        }
        for delivery in first.deliveries.order_by("phone")[:2]:
            rows("Delivery").filter(pk=delivery.pk).update(**told)
        self.unknown = second
        self.stopped = self.start(self.campaign("自己停了"), send=False)
        rows("Campaign").filter(pk=self.stopped.pk).update(state="stopped", state_note="account_stopped")
        rows("Dispatch").filter(pk=self.stopped.dispatch_id).update(
            state="stopped", stop_reason="balance", stop_detail="余额不足"
        )
        self.paused = self.start(self.campaign("先停一停"), send=False)
        assert self.system.call("POST", f"/campaigns/{self.paused.pk}/pause/").status_code == 200
        self.cancelled = self.start(self.campaign("不发了"), send=False)
        assert self.system.call("POST", f"/campaigns/{self.cancelled.pk}/cancel/").status_code == 200
        rows("OrmQ").all().delete()
        self.chosen |= {"Batch": self.unknown, "Dispatch": rows("Dispatch").get(pk=self.running.dispatch_id)}
        self.chosen["Delivery"] = rows("Delivery").get(dispatch=self.done.dispatch, phone=VIP[0])
        self.chosen["Campaign"] = self.running

    # --- customers ----------------------------------------------------------------------------------------------------

    def reply(self, phone: str, content: str) -> None:
        at = datetime.now(MOMENT.tzinfo).strftime("%Y-%m-%d %H:%M:%S")
        self.push("reply", [{"taskId": "", "mobile": phone, "content": content, "deliverTime": at}])

    def _inbox(self) -> None:
        """Unread, mine, handled by a colleague, answered, closed; a keyword that is tagged by itself."""
        rows("KeywordRule").create(word="地址", match="prefix", action="tag", tag="问地址", order=10)
        hours = {"answers_from": None, "answers_until": None}
        rows("KeywordRule").create(word="营业时间", action="answer", text="每天 9 点到 21 点。", **hours)
        rows("CannedAnswer").create(title="营业时间", text="您好，门店每天 9 点到 21 点营业。")
        rows("CannedAnswer").create(title="旧的", text="不用了", archived=True)
        for phone, content in zip(
            VIP, ("在哪里领？我另一个号 13900001112", "地址在哪", "多少钱", "已领", "不需要", "好"), strict=True
        ):
            self.reply(phone, content)
        self.run_queue()
        newest = {reply.phone: reply for reply in rows("Reply").order_by("pk")}
        client = signed_in(SUPPORT)
        client.post(f"/admin/messaging/reply/{newest[VIP[0]].pk}/take/")
        client.post(f"/admin/messaging/reply/{newest[VIP[0]].pk}/tag/", {"tag": "领取"})
        rows("Reply").filter(pk=newest[VIP[2]].pk).update(state="assigned", assigned_to=self.colleague)
        page = f"/admin/messaging/reply/{newest[VIP[3]].pk}/change/"
        fields = {"text": "不客气，欢迎再来。", "signature": self.house.signature.pk, "token": token_on(client, page)}
        assert client.post(page.replace("change", "answer"), fields).status_code == 302
        rows("Reply").filter(pk=newest[VIP[4]].pk).update(state="closed")
        self.chosen["Reply"] = rows("Reply").get(pk=newest[VIP[0]].pk)

    def _customers(self) -> None:
        """The do-not-send list with each scope and source, a lifted entry, a file with problems; receipts that fit nothing."""
        entry = {"since": MOMENT - timedelta(days=1), "created_by": person(SUPPORT)}
        made = rows("Suppression").create(
            phone="13700000001", source="hand", note="客户要求，联系 13900001112", **entry
        )
        rows("Suppression").create(phone="13700000002", source="api", scope="account", account=self.account, **entry)
        rows("Suppression").create(
            phone="13700000003", source="vendor", scope="signature", signature=self.house.signature
        )
        lifted = {"lifted_at": MOMENT - timedelta(hours=1), "lifted_by": person(SUPPORT), "lift_reason": "客户反悔"}
        rows("Suppression").create(phone="13700000004", source="reply", **lifted, **entry)
        text = "手机号,备注\n13700000005,来电\n13700000001,重复\n123,错\n"
        for file in (SimpleUploadedFile("拒收.csv", text.encode()), self._broken_file()):
            answer = signed_in(SUPPORT).post("/admin/messaging/suppression/import/", {"file": file, "scope": "all"})
            assert answer.status_code == 302, answer.content.decode()
        self.run_queue()
        stray = {
            "mobile": "13600000001",
            "status": "DELIVRD",
            "reportTime": "2026-11-20 07:00:00",
            "message": "成功",
            "type": "4",
        }
        self.push("receipt", [{**stray, "taskId": "T-404", "callData": "nobody"}, "broken"])
        self.run_queue()
        at = {"account": self.account, "status": "delivered", "reported_at": MOMENT, "phone": VIP[0], "channel": "sms"}
        attempt = rows("Attempt").filter(batch__dispatch=self.done.dispatch).first()
        rows("Receipt").create(
            key="further",
            state="matched",
            note="further leg",
            attempt=attempt,
            code="0",
            vendor_message="DELIVRD",
            **at,
        )
        rows("Receipt").create(
            key="odd", state="odd", note="no status", vendor_message="???", **{**at, "phone": "", "status": ""}
        )
        rows("CallbackEvent").create(
            account=self.account,
            kind="receipt",
            body=b"{",
            state="unreadable",
            note="The body is not JSON",
            headers={"user-agent": "gateway"},
        )
        rows("CallbackEvent").create(
            account=self.account, kind="reply", body=b"[]", state="set_aside", note="tried 3 times", tries=3
        )
        rows("Click").create(
            account=self.account,
            key="1",
            phone=VIP[0],
            url="https://shop.example.com/vip",
            clicked_at=MOMENT - timedelta(hours=1),
        )
        self.chosen |= {"Suppression": made, "SuppressionImport": rows("SuppressionImport").get(file_name="拒收.csv")}
        self.chosen["CallbackEvent"] = rows("CallbackEvent").get(state="unreadable")
        self.chosen["Receipt"] = rows("Receipt").filter(state="unmatched").first()

    def _reviews(self) -> None:
        """A review in each state that a person meets."""
        emay, veesing, hanwg = (rows("VendorAccount").get(vendor=vendor) for vendor in ("emay", "veesing", "hanwg"))
        sent = {"submitted_at": MOMENT - timedelta(days=1), "signature": self.house.signature}
        told = {**sent, "decided_at": MOMENT - timedelta(hours=20)}
        make = rows("TemplateReview").create
        self.waiting = make(version=self.card, account=self.account, status="waiting", vendor_template_id="V-1", **sent)
        self.rejected = make(
            version=self.card,
            account=hanwg,
            status="rejected",
            vendor_message="含有违禁词",
            vendor_template_id="V-2",
            **told,
        )
        self.doubtful = make(version=self.drafts["新品彩信"], account=veesing, status="unknown", **sent)
        make(version=self.drafts["余额短信"], account=emay, status="draft", vendor_template_id="V-3", **sent)
        self.ending = make(
            version=self.drafts["三张卡片"],
            account=self.account,
            status="approved",
            by_hand=True,
            vendor_template_id="V-4",
            approved_until=MOMENT + timedelta(days=1),
            **told,
        )
        self.renewal = make(
            version=self.drafts["三张卡片"], account=self.account, status="waiting", live=False, renewal=True, **sent
        )
        make(
            version=self.card, account=self.account, status="rejected", live=False, vendor_message="图片不清楚", **told
        )
        self.chosen["TemplateReview"] = self.rejected

    # --- other systems, operations --------------------------------------------------------------------------------------

    def _systems(self) -> None:
        assert System("lookup", name="旧门店系统").call("GET", f"/deliveries/?phone={VIP[0]}").status_code == 200
        rows("ApiToken").filter(name="旧门店系统").update(
            expires_at=MOMENT + timedelta(days=3), system="门店", networks=["203.0.113.9"]
        )
        set_rules(same_content_days=7, approve_first_use=True)
        order = {
            "template": "双十一",
            "account": "5G-主账号",
            "signature": "示例商城",
            "recipients": [{"phone": VIP[0]}],
        }
        rows("TemplateReview").filter(version=self.marketing).update(approved_until=MOMENT + timedelta(days=60))
        refused = self.system.call("POST", "/messages/", order, headers={"Idempotency-Key": "k"})
        assert refused.status_code == 409, refused.content
        endpoint = {
            "name": "商城回调",
            "url": "https://example.com/hook",
            "events": ["reply.received", "campaign.finished"],
        }
        maker = {"created_by": integrator(), "secret": {"secret": "whsec_" + "x" * 43}}
        made = rows("WebhookEndpoint").create(**endpoint, **maker, full_numbers=True)
        event = {"endpoint": made, "event": "reply.received", "payload": {"id": 1}}
        rows("WebhookDelivery").create(**event, attempts=1, delivered_at=MOMENT - timedelta(hours=1), last_status=200)
        rows("WebhookDelivery").create(
            **event, attempts=3, next_at=MOMENT + timedelta(minutes=5), last_status=503, last_error="HTTP 503"
        )
        rows("WebhookDelivery").create(**event, attempts=8, last_error="timed out")
        self.chosen["ApiToken"] = rows("ApiToken").get(name="商城系统")
        self.chosen["FirstUse"] = rows("FirstUse").get()

    def _operations(self) -> None:
        """Two hosts, one of them lost; what was stopped and resumed; logins; figures; the first lines of the trail are there."""
        rows("Heartbeat").create(name="host:b", beat_at=MOMENT - timedelta(hours=3), clock_off=7.5)
        for name in ("tick", "housekeeping", "host:a", "queue:a:notice", "queue:a:bulk", "queue:a:import"):
            rows("Heartbeat").update_or_create(name=name, defaults={"beat_at": MOMENT})
        who = {"stopped_by": person(ADMINISTRATORS), "resumed_by": person(ADMINISTRATORS)}
        times = {"stopped_at": MOMENT - timedelta(days=9), "resumed_at": MOMENT - timedelta(days=9, hours=-1)}
        rows("SendingStop").create(holds=None, reason="价格写错", resume_reason="已改正", **who, **times)
        login = {"username": "营销", "ip_address": "203.0.113.9", "user_agent": "Firefox", "path_info": "/admin/login/"}
        rows("AccessAttempt").create(
            **login, failures_since_start=3, get_data="", post_data="username=营销", attempt_time=MOMENT
        )
        rows("AccessLog").create(**login, attempt_time=MOMENT, logout_time=MOMENT + timedelta(hours=1))
        rows("AccessFailureLog").create(**login, locked_out=True, attempt_time=MOMENT)
        decided = {"decided_at": MOMENT - timedelta(days=19), "decided_by": person(superuser=True), "decision": {}}
        rows("FenceHold").create(
            rule=4, evidence={"host": "a", "file": 9, "database": 7}, since=MOMENT - timedelta(days=20), **decided
        )
        self._figures()

    def _figures(self) -> None:
        for days, balance in ((3, "850"), (2, "820"), (1, "1500"), (0, "800")):
            rows("BalanceReading").create(
                account=self.account, at=MOMENT - timedelta(days=days), balance=Decimal(balance), unit="yuan"
            )
        day = (MOMENT - timedelta(days=2)).date()
        shared = {"campaign": self.done, "account": self.account, "version": self.notice}
        for n, (status, channel, reason, people) in enumerate(
            (
                ("delivered", "rcs", "", 2),
                ("failed", "rcs", "expired", 1),
                ("skipped", "rcs", "suppressed", 1),
                ("submitted", "rcs", "", 1),
            )
        ):
            more = {
                "people": people,
                "units": people,
                "opt_outs": int(status == "delivered"),
                "fell_back": int(n == 0),
                "operator": "cmcc",
            }
            rows("DailyFigures").create(
                key=str(n), day=day, status=status, channel=channel, reason=reason, **shared, **more
            )
        rows("DispatchFigures").update_or_create(
            dispatch=self.done.dispatch, defaults={"counted_at": MOMENT, "final": True}
        )

    def _settle(self) -> None:
        """What is measured is measured the same each time."""
        rows("VendorCall").update(milliseconds=12)
        rows("VendorAccount").filter(pk=self.account.pk).update(base_url="http://127.0.0.1:9/rcs_gateway")
        self.chosen["VendorCall"] = rows("VendorCall").filter(attempt__batch__dispatch=self.done.dispatch).first()
        rows("OrmQ").all().delete()
        json_in_one_order()

    def trouble(self) -> None:
        """Workers are silent, somebody has stopped everything, and the database may be behind what was sent."""
        rows("Heartbeat").all().delete()
        rows("SendingStop").create(reason="价格写错", stopped_by=person(ADMINISTRATORS), stopped_at=MOMENT)
        newest = max(batch.pk for batch in rows("Batch").all())
        evidence = {"host": "a", "file": 9, "database": 7, "last_beat": (MOMENT - timedelta(minutes=1)).isoformat()}
        times = {"since": MOMENT, "lost_from": MOMENT - timedelta(hours=1)}
        rows("FenceHold").create(rule=4, evidence=evidence, last_batch=newest, first_free=newest + 1, **times)
