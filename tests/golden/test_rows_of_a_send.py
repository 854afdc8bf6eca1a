"""Every column of every row that each kind of send stores: when it is made, and what of it is another when it was handed over."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F, Field, Model
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from campaigns.models import Campaign
from messaging.models import Attempt, Batch, Delivery, Dispatch, Reply, TemplateReview, VendorAccount
from templates_5g.services import create_template
from tests.builders import House, phones
from tests.golden.conftest import Golden
from tests.golden.doors import LONG_AGO, Doors, file_of, rules
from tests.golden.renamed import RENAMED, old_name, old_value

pytestmark = pytest.mark.django_db

TEXT = "${姓名}您好，余额${余额}"
# The draw of versions and of a canary is by number and the campaign's key.
A_CAMPAIGN = 700_001
FIVE_MINUTES = 300
# What chance or a vendor makes, by column: it gets a name in the order in which it is first seen.
TOKENS = {
    "Batch.claim": "claim",
    "Attempt.reference": "reference",
    "Attempt.task_id": "task",
    "Delivery.message_id": "message",
}
# In this order rows are listed, whatever the database does.
ORDERS: dict[type[Model], tuple[Any, ...]] = {
    Dispatch: ("pk",),
    Batch: ("dispatch", "number"),
    Delivery: ("dispatch", F("batch__number").asc(nulls_last=True), "phone"),
    Attempt: ("batch__dispatch", "batch__number", "number"),
}
Printed = dict[str, Any]


class Printer:
    """Rows as the golden file has them: keys, tokens and times by name."""

    def __init__(self) -> None:
        self.start = timezone.now()
        self.names: dict[tuple[str, Any], str] = {}
        self.counts: Counter[str] = Counter()

    def name(self, kind: str, value: Any) -> str:
        """`kind`#n, the same for the same value."""
        if (kind, value) not in self.names:
            self.counts[kind] += 1
            self.names[kind, value] = f"{kind}#{self.counts[kind]}"
        return self.names[kind, value]

    def key(self, row: Model) -> str:
        return self.name(_old_model(type(row)), row.pk)

    def row(self, row: Model) -> Printed:
        model = type(row).__name__
        return {old_name(model, column.name): self._value(row, column) for column in row._meta.concrete_fields}

    def _value(self, row: Model, column: "Field[Any, Any]") -> Any:
        model, value = type(row).__name__, getattr(row, column.attname)
        token = TOKENS.get(f"{_old_model(type(row))}.{old_name(model, column.name)}")
        if value is None:
            return None
        if column.primary_key:
            return self.key(row)
        if column.related_model is not None:
            return self.name(_old_model(column.related_model), value)
        if token and value:
            return self.name(token, value)
        return old_value(model, column.name, self._plain(old_name(model, column.name), value))

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, UUID):
            return self.name(name, value)
        if isinstance(value, datetime):
            return self.moment(value.timestamp())
        if isinstance(value, float) and value:  # seconds since 1970
            return self.moment(value)
        return str(value) if isinstance(value, date | time | Decimal) else value

    def moment(self, seconds: float) -> str:
        """After the beginning of the act, to five minutes: T+0, T+1 day, 0:00:00."""
        after = round((seconds - self.start.timestamp()) / FIVE_MINUTES) * FIVE_MINUTES
        return "T+0" if after == 0 else f"T+{timedelta(seconds=after)}"

    def job(self, job: OrmQ) -> Printed:
        """A job of the queue. The first thing that it is given is the key of a dispatch, where there is such a dispatch."""
        task = SignedPackage.loads(job.payload)
        name = old_value("Job", "task", task["func"].rpartition(".")[2])
        given = [
            self.names.get(("Dispatch", value), value) if n == 0 else value for n, value in enumerate(task["args"])
        ]
        return {"queue": job.key, "task": name, "given": given}


def _old_model(model: Any) -> str:
    return str(RENAMED.get(model.__name__, model.__name__))


class Rows(Doors):
    """What an act stores, and what the queue then changes."""

    def begin(self, purpose: str = "marketing", **policy: Any) -> None:
        rules(**policy)
        VendorAccount.objects.filter(pk=self.account.pk).update(batch_size=2)
        self.account.refresh_from_db()
        self.printer = Printer()
        self.seen: dict[str, Printed] = {}
        self.version = self.template("会员日", TEXT, purpose)

    def people(self, count: int = 4, **more: str) -> list[tuple[str, dict[str, str]]]:
        return [
            (phone, {"姓名": "客", "余额": str(n % 2), **more}) for n, phone in enumerate(phones(count, 13800000001))
        ]

    def listed(self, count: int = 4) -> Any:
        """An audience of these people and one more, who lacks a value; the second is on the do-not-send list."""
        rows = [[phone, *values.values()] for phone, values in self.people(count)] + [["13900000001", "客", ""]]
        self.stop(rows[1][0])
        return self.audience(
            "会员", file_of(["手机号", "姓名", "余额"], rows), consent_source="门店", consent_on=LONG_AGO
        )

    def stop(self, phone: str) -> None:
        assert self.system.post("/suppressions/", {"phone": phone}).status_code == 201

    def made(self, act: Callable[[], Any]) -> Printed:
        """The rows that the act stores, the columns of other rows that it changes, and the jobs that it leaves."""
        self.printer.start = timezone.now()
        self._look()
        waited = list(OrmQ.objects.values_list("pk", flat=True))
        act()
        found = self._look()
        return {**found, "jobs": [self.printer.job(job) for job in OrmQ.objects.exclude(pk__in=waited).order_by("pk")]}

    def sent(self) -> Printed:
        """The same of handing over all that waits."""
        self.run_queue()
        return self._look()

    def made_and_sent(self, act: Callable[[], Any]) -> Printed:
        return {"made": self.made(act), "handed over": self.sent()}

    def _look(self) -> Printed:
        """New rows by model, and what is another in those that were there at the last look."""
        found: Printed = {}
        changed: dict[str, Printed] = {}
        for model, order in ORDERS.items():
            for row in model._default_manager.order_by(*order):
                key, printed = self.printer.key(row), self.printer.row(row)
                before = self.seen.get(key)
                if before is None:
                    found.setdefault(_old_model(model), []).append(printed)
                elif differs := {name: value for name, value in printed.items() if before[name] != value}:
                    changed[key] = differs
                self.seen[key] = printed
        return {**found, "changed": changed}


@pytest.fixture
def door(house: House, run_queue: Callable[..., int], settings: Any, tmp_path: Any) -> Rows:
    settings.MEDIA_ROOT = tmp_path
    return Rows(house, run_queue, tmp_path)


# --- campaigns --------------------------------------------------------------------------------------------------------


def test_main_leg(door: Rows, golden: Golden) -> None:
    door.begin()
    audience = door.listed()
    golden("rows/main.json", door.made_and_sent(lambda: door.campaign(door.version, audience)))


def test_main_leg_with_everything(door: Rows, golden: Golden) -> None:
    """It waits for its time: nothing is handed over."""
    door.begin(cap_count=9, cap_days=3, holidays=["2099-10-01"])
    audience = door.listed(7)
    values: dict[str, Any] = {
        "start_at": timezone.now() + timedelta(hours=2),
        "send_until": timezone.now() + timedelta(days=3),
        "window_from": time(9, 0),
        "window_until": time(20, 30),
        "per_second": Decimal("7.5"),
        "cap_count": 5,
        "cap_days": 4,
        "skip_same_days": 2,
        "operators": ["cmcc"],
        "options": {"callType": "0"},
        "canary_people": 3,
    }
    made = door.made(lambda: door.campaign(door.version, audience, pk=A_CAMPAIGN, **values))
    golden("rows/main-with-everything.json", made)


def test_two_versions(door: Rows, golden: Golden) -> None:
    door.begin()
    audience, second = door.listed(8), door.template("周年庆", f"周年庆：{TEXT}")
    values = {"version_b": second, "share_b": 40, "per_second": Decimal(50)}
    golden(
        "rows/two-versions.json",
        door.made_and_sent(lambda: door.campaign(door.version, audience, pk=A_CAMPAIGN, **values)),
    )


def first_failed(door: Rows, statuses: Mapping[str, str], **values: Any) -> Campaign:
    """A campaign that was handed over, with these receipts."""
    campaign = door.campaign(door.version, door.listed(), **values)
    door.run_queue()
    door.receipts(statuses)
    return campaign


def test_follow_up(door: Rows, golden: Golden) -> None:
    door.begin()
    first, _second, third, fourth = phones(4, 13800000001)
    campaign = first_failed(door, {first: "UNDELIV", third: "DELIVRD", fourth: "UNDELIV"})
    door.stop(fourth)
    golden("rows/follow-up.json", door.made_and_sent(lambda: door.follow_up(campaign, ["failed"])))


def test_fallback(door: Rows, golden: Golden) -> None:
    """Who fails later is added to the same."""
    door.begin()
    spare = door.house.make_account("备用", batch_size=2)
    other = door.template("短信版", f"补发：{TEXT}", accounts=(spare,))
    first, _second, third, fourth = phones(4, 13800000001)
    campaign = first_failed(door, {first: "UNDELIV"}, fallback_account=spare, fallback_version=other)
    early = door.made_and_sent(lambda: door.fall_back(campaign))
    door.receipts({third: "UNDELIV", fourth: "UNDELIV"})
    door.stop(fourth)
    later = door.made_and_sent(lambda: door.fall_back(campaign))
    golden("rows/fallback.json", {"first": early, "more people": later})


# --- orders, tests, answers, texts ------------------------------------------------------------------------------------


def test_order_by_api(door: Rows, golden: Golden) -> None:
    door.begin(marketing_from=time(0, 0), marketing_until=time(23, 59, 59), holidays=["2099-10-01"], cap_count=9)
    door.listed()
    until = (timezone.now() + timedelta(days=2)).isoformat()
    people = [*door.people(), ("13900000009", {"姓名": "客", "余额": "2"})]  # the last has given no consent
    values = {"send_until": until, "title": "到店礼", "sender": door.house.chatbot.name}
    golden("rows/order.json", door.made_and_sent(lambda: _accepted(door.order(door.version, people, **values))))


def _accepted(answer: Any) -> None:
    assert answer.status_code == 201, answer.content.decode()


def test_order_of_nobody(door: Rows, golden: Golden) -> None:
    door.begin("notice", notice_cap_count=9)
    people = door.people(1)
    door.stop(people[0][0])
    golden("rows/order-of-nobody.json", door.made_and_sent(lambda: _accepted(door.order(door.version, people))))


def test_order_of_texts_that_the_vendor_does_not_fill(door: Rows, golden: Golden) -> None:
    """One text for each request."""
    door.begin()
    account = at_vendor(door, "yixintong", batch_size=2)
    version = create_template("取件", "notice", {"kind": "sms", "text": TEXT}, {}, None)
    approved = {"part": "main", "status": "approved", "vendor_template_id": "T1"}
    TemplateReview.objects.create(version=version, account=account, **approved)
    people = door.people(5)
    golden(
        "rows/order-by-text.json",
        door.made_and_sent(lambda: _accepted(door.order(version, people, account=account.name))),
    )


def at_vendor(door: Rows, vendor: str, **values: Any) -> VendorAccount:
    mount = door.house.sandbox.mount(vendor)
    given = {"vendor": vendor, "base_url": door.house.sandbox.base_url(vendor)}
    return door.house.make_account(vendor, **given, credentials=dict(mount.sandbox.credentials), **values)


def test_test_send(door: Rows, golden: Golden) -> None:
    door.begin()
    numbers = [phone for phone, _values in door.people(3)]
    door.stop(numbers[1])
    values = {"姓名": "客", "余额": "1"}
    golden("rows/test.json", door.made_and_sent(lambda: door.test(door.version, numbers, **values)))


def test_test_of_nobody(door: Rows, golden: Golden) -> None:
    door.begin(cap_tests=True, cap_count=9)
    numbers = [phone for phone, _values in door.people(1)]
    door.stop(numbers[0])
    values = {"姓名": "客", "余额": "1"}
    golden("rows/test-of-nobody.json", door.made_and_sent(lambda: door.test(door.version, numbers, **values)))


def test_answer(door: Rows, golden: Golden) -> None:
    door.begin(notice_cap_count=9, notice_cap_days=2)
    door.replies(["13800000001"], "在吗")
    door.run_queue()
    golden("rows/answer.json", door.made_and_sent(lambda: door.answer(Reply.objects.get(), "在的。\r\n请讲")))


def test_keyword_answer(door: Rows, golden: Golden) -> None:
    """One at any hour; and one that keeps to hours, which is not handed over here."""
    door.begin()
    door.keyword("几点", "九点开门")
    door.keyword("电话", "请拨 12345", answers_from=time(9, 0), answers_until=time(20, 30))

    def wrote(phone: str, word: str) -> Printed:
        door.replies([phone], word)
        return door.made(lambda: door.run_queue(1))

    at_any_hour = {"made": wrote("13800000001", "几点"), "handed over": door.sent()}
    golden("rows/keyword-answer.json", {"at any hour": at_any_hour, "in hours": wrote("13800000002", "电话")})


def test_texts(door: Rows, golden: Golden) -> None:
    door.begin(cap_count=9)
    account = at_vendor(door, "emay", batch_size=2)
    door.listed()
    people = [*door.people(), ("13900000009", {"姓名": "客", "余额": "2"})]  # the last has given no consent
    golden("rows/texts.json", door.made_and_sent(lambda: door.texts(TEXT, people, "marketing", account)))


def test_notices_to_a_list(door: Rows, golden: Golden) -> None:
    door.begin()
    people = door.people(3)
    golden("rows/texts-notice.json", door.made_and_sent(lambda: door.texts("停水通知", people, "notice")))
