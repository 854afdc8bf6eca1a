"""The report and the rows: one expression, a closing sum, batches that fit."""

import random
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import preflight
from campaigns.lifecycle import layout
from campaigns.models import Campaign
from campaigns.preflight import specs
from campaigns.preflight.audience_query import confirmed_imports, query_for
from campaigns.states import CampaignState, ImportState
from kit import clock, sql
from kit.uuids import made_at
from messaging.deliveries import status
from messaging.models import Batch, Delivery, Dispatch, SendingWindow, Suppression
from messaging.sending.create import AnotherMessage, Part, TooManyPeople, add_recipients, create
from messaging.sending.duration import finish_time, people_until
from messaging.states import BatchState, OwnStatus
from tests.campaigns.conftest import CARD
from tests.database import without

pytestmark = pytest.mark.django_db


def sent_before(campaign, phones, *, days=1, purpose="marketing", version=None, state=BatchState.SUBMITTED, times=1):
    """Earlier dispatches that reached these numbers."""
    for _ in range(times):
        dispatch = Dispatch.objects.create(
            title="早先", account=campaign.account, version=version, purpose=purpose, total=len(phones)
        )
        at = timezone.now() - timedelta(days=days)
        batch = Batch.objects.create(
            dispatch=dispatch, account=campaign.account, number=1, size=len(phones), state=state, submitted_at=at
        )
        Delivery.objects.bulk_create(
            Delivery(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=phone)
            for phone in phones
        )


def confirm(campaign):
    preflight.check(campaign)
    return layout.lay_out(campaign)


def laid_out(dispatch):
    rows = dispatch.deliveries.order_by("phone").values_list("phone", "batch__number", "own_status", "reason")
    return list(rows)


class TestReport:
    def test_every_reason_in_its_order_and_the_sum_closes(self, make):
        people = make.people(10)
        people[8] = (people[8][0], {"姓名": "x", "余额": "1"}, "ctcc")
        people[9] = (people[9][0], {"姓名": "", "余额": "1"})
        audience = make.audience(people, invalid=4, duplicate=2)
        campaign = make.campaign(
            audience=audience, operators=["cmcc", "cucc"], cap_count=2, cap_days=7, skip_same_days=3
        )
        phones = [person[0] for person in people]
        Suppression.objects.create(phone=phones[0], scope="all", source="hand")
        Suppression.objects.create(phone=phones[1], scope="account", account=campaign.account, source="hand")
        Suppression.objects.create(phone=phones[2], scope="signature", signature=campaign.signature, source="hand")
        sent_before(campaign, [phones[0], phones[3]], times=2)
        sent_before(campaign, [phones[3], phones[4]], version=campaign.version)
        report = preflight.check(campaign)
        assert report.excluded == {
            "invalid": 4,
            "duplicate": 2,
            "suppressed": 3,
            "over_cap": 1,
            "sent_lately": 1,
            "operator": 1,
            "bad_variables": 1,
        }
        assert (report.rows, report.left_out, report.to_send, report.difference) == (16, 13, 3, 0)
        assert list(report.excluded) == [reason for reason in preflight.REASONS if reason in report.excluded]
        assert report.operators == {"cmcc": 3}
        campaign.refresh_from_db()
        assert (campaign.state, campaign.report.to_send) == (CampaignState.CHECKED, 3)

    def test_what_does_not_stop_anybody(self, make):
        campaign = make.campaign(cap_count=1, cap_days=7, skip_same_days=3)
        phones = [phone for phone, _variables in make.people(7)]
        other = make.signature()
        lifted = timezone.now()
        Suppression.objects.create(phone=phones[0], scope="all", source="hand", lifted_at=lifted)
        Suppression.objects.create(phone=phones[1], scope="signature", signature=other, source="hand")
        Suppression.objects.create(phone=phones[2], scope="account", account=make.account(), source="hand")
        sent_before(campaign, phones, days=8)
        sent_before(campaign, phones, purpose="notice")
        assert preflight.check(campaign).to_send == 7

    def test_without_proven_consent_everybody_is_left_out(self, make):
        campaign = make.campaign()
        campaign.audience.__class__.objects.update(consent_source="")
        campaign.refresh_from_db()
        report = preflight.check(campaign)
        assert report.excluded == {"no_consent": 7}
        assert [found.key for found in report.obstacles if found.blocks] == ["nobody"]
        Campaign.objects.update(needs_consent=False)
        assert preflight.check(campaign).to_send == 7

    def test_only_confirmed_files_count(self, make):
        audience = make.audience(make.people(3))
        make.audience(make.people(5, 13900000001), invalid=2, state=ImportState.READY, audience=audience)
        report = preflight.check(make.campaign(audience=audience))
        assert (report.rows, report.to_send) == (3, 3)

    @pytest.mark.parametrize(
        ("variables", "stops"),
        [
            ({"姓名": "a", "余额": "0"}, False),
            ({"姓名": "a"}, True),
            ({"姓名": "a", "余额": ""}, True),
            ({"姓名": "长" * 200, "余额": "1"}, False),
            ({"姓名": "长" * 201, "余额": "1"}, True),
        ],
    )
    def test_variables(self, make, variables, stops):
        report = preflight.check(make.campaign([("13800000001", variables)]))
        assert report.to_send == (0 if stops else 1)

    def test_names_that_are_no_plain_words(self, make):
        content = {"kind": "text", "text": "${1月 积分}${a.b}${[x]}${$}", "suggestions": []}
        people = [("13800000001", {"1月 积分": "1", "a.b": "2", "[x]": "3"})]
        assert preflight.check(make.campaign(people, content=content)).to_send == 1

    def test_cost_is_a_range_by_channel_and_billable_units(self, make):
        account = make.account(prices={"rcs": "0.08", "sms": "0.045"})
        fallback = {"sms": {"text": "${姓名}" + "字" * 60}}
        people = [("13800000001", {"姓名": "一" * 5}), ("13800000002", {"姓名": "一" * 6})]
        signature = make.signature()
        assert len(f"【{signature.text}】") == 5
        content = {"kind": "text", "text": "${姓名}", "suggestions": []}
        campaign = make.campaign(people, account=account, signature=signature, content=content, fallback=fallback)
        report = preflight.check(campaign)
        assert report.units == 3
        assert report.cost.dump() == {
            "lines": [
                {"channel": "rcs", "units": 2, "price": "0.08", "amount": "0.16"},
                {"channel": "sms", "units": 3, "price": "0.045", "amount": "0.14"},
            ],
            "low": "0.14",
            "high": "0.16",
        }

    def test_a_missing_price_is_no_price_of_zero(self, make):
        report = preflight.check(make.campaign(account=make.account(prices={})))
        assert (report.cost.low, report.cost.high) == (None, None)

    def test_the_number_of_queries_does_not_follow_the_rows(self, make):
        counts = []
        for size in (50, 100):
            campaign = make.campaign(make.people(size))
            with CaptureQueriesContext(connection) as queries:
                confirm(campaign)
            counts.append(len(queries))
        assert counts[0] == counts[1] < 50


class TestObstacles:
    def keys(self, campaign):
        return [found.key for found in preflight.check(campaign).obstacles]

    def test_a_good_campaign_has_none(self, make):
        assert self.keys(make.campaign()) == []

    def test_not_approved(self, make):
        campaign = make.campaign()
        campaign.version.reviews.update(approved_until=timezone.now() - timedelta(minutes=1))
        assert "not_approved" in self.keys(campaign)

    def test_the_approval_ends_before_the_last_message(self, make):
        campaign = make.campaign(start_at=timezone.now() + timedelta(days=2))
        campaign.version.reviews.update(approved_until=timezone.now() + timedelta(days=1))
        assert self.keys(campaign) == ["approval_ends"]
        campaign.version.reviews.update(approved_until=timezone.now() + timedelta(days=3))
        report = preflight.check(campaign)
        assert [(found.key, found.blocks) for found in report.obstacles] == [("approval_near", False)]

    def test_a_stopped_account(self, make):
        assert self.keys(make.campaign(account=make.account(status="stopped"))) == ["account"]

    def test_balance(self, make):
        for balance, keys in (("0.55", ["balance_short"]), ("0.56", []), ("0.56", [])):
            account = make.account(prices={"rcs": "0.08"}, balance=Decimal(balance), balance_unit="yuan")
            assert self.keys(make.campaign(account=account)) == keys
        account = make.account(prices={"rcs": "0.08"}, balance=Decimal("0"), balance_unit="")
        assert self.keys(make.campaign(account=account)) == []

    def test_too_late_for_some(self, make):
        now = timezone.now()
        account = make.account(per_second=Decimal("0.01"))
        campaign = make.campaign(account=account, start_at=now + timedelta(hours=1))
        Campaign.objects.update(send_until=now + timedelta(hours=1, seconds=350))
        report = preflight.check(campaign)
        assert (report.late, [found.key for found in report.obstacles]) == (4, ["too_late"])
        Campaign.objects.update(send_until=now)
        assert self.keys(campaign) == ["past"]

    def test_the_vendor_s_send_options(self, make):
        """What the vendor refuses for everybody is known before, not at the first request."""
        sms, aim = {"sms": {"text": "会员日"}}, {"aim": {"text": "会员日 ${阅信短链}"}}

        def found(fallback, columns=(), **options):
            account = make.account()
            version = make.version(CARD, fallback=fallback)
            make.approve(version, account)
            campaign = make.campaign(account=account, version=version, options=options)
            columns = [*campaign.audience.columns, *columns]
            type(campaign.audience).objects.filter(pk=campaign.audience_id).update(columns=columns)
            report = preflight.check(Campaign.objects.get(pk=campaign.pk))
            return [(one.blocks, preflight.sentence(one)) for one in report.obstacles if one.key == "send_options"]

        link = "回落阅信要有短链"
        assert found(sms) == []
        ((blocks, words),) = found(aim)
        assert (blocks, link in words) == (True, True)
        assert found(aim, aimUrl="https://example.com/a") == []
        assert found(aim, columns=["阅信短链"]) == []
        ((blocks, words),) = found({**sms, **aim}, aimUrl="https://example.com/a")
        assert (blocks, "中国移动" in words) == (False, True)
        assert found({**sms, **aim}, callType="1") == []
        ((blocks, words),) = found(sms, callType="4", aimUrl="https://example.com/a")
        assert blocks

    def test_every_obstacle_is_a_whole_sentence(self, make):
        campaign = make.campaign([], account=make.account(status="off"))
        campaign.signature.__class__.objects.update(cmcc="none", blocks_unfiled=True)
        campaign.version.reviews.all().delete()
        report = preflight.check(campaign)
        texts = [preflight.sentence(found) for found in report.obstacles]
        assert len(texts) == 4
        assert not any("%(" in text for text in texts)


class TestLayOut:
    def test_the_run_is_named_when_it_is_laid_out_and_by_the_time(self, make):
        campaign = make.campaign(make.people(2))
        preflight.check(campaign)
        assert campaign.run_id is None
        assert (list(campaign.dispatches), list(campaign.deliveries)) == ([], [])
        before = clock.now()
        layout.lay_out(campaign)
        stored = Campaign.objects.get(pk=campaign.pk)
        assert stored.run_id.version == 7
        assert before - timedelta(milliseconds=1) <= made_at(stored.run_id) <= clock.now()
        assert [dispatch.run_id for dispatch in stored.dispatches] == [stored.run_id]
        assert stored.deliveries.count() == 2

    def test_rows_agree_with_the_report(self, make):
        campaign = make.campaign(make.people(8))
        phones = [phone for phone, _variables in make.people(8)]
        Suppression.objects.create(phone=phones[2], scope="all", source="hand")
        dispatch = confirm(campaign)
        assert laid_out(dispatch) == [
            (phones[0], 1, None, ""),
            (phones[1], 1, None, ""),
            (phones[2], None, OwnStatus.SKIPPED, "suppressed"),
            (phones[3], 1, None, ""),
            (phones[4], 2, None, ""),
            (phones[5], 2, None, ""),
            (phones[6], 2, None, ""),
            (phones[7], 3, None, ""),
        ]
        assert list(dispatch.batches.order_by("number").values_list("size", "state", "text", "account")) == [
            (3, "queued", "", campaign.account_id),
            (3, "queued", "", campaign.account_id),
            (1, "queued", "", campaign.account_id),
        ]
        assert campaign.report.requests == 3
        assert status.dispatch_counts([dispatch.pk]) == {"queued": 7, "skipped": 1}
        assert (dispatch.total, dispatch.run_id, dispatch.leg) == (8, campaign.run_id, "main")
        assert set(dispatch.deliveries.values_list("run_id", "leg")) == {(campaign.run_id, "main")}
        assert dispatch.deliveries.get(phone=phones[3]).variables == {"姓名": "客3", "余额": "1"}

    def test_the_vendors_own_limit_counts(self, make):
        campaign = make.campaign(make.people(1001), account=make.account(batch_size=5000))
        dispatch = confirm(campaign)
        assert list(dispatch.batches.order_by("number").values_list("size", flat=True)) == [1000, 1]

    def test_one_text_for_each_request_where_the_vendor_wants_it(self, make):
        content = {"kind": "sms", "text": "余额${余额}元"}
        people = [(str(13800000001 + n), {"余额": "10" if n % 3 else "2"}) for n in range(8)]
        random.Random(7).shuffle(people)
        campaign = make.campaign(people, content=content, vendor="yixintong")
        dispatch = confirm(campaign)
        rows = list(dispatch.batches.order_by("number").values_list("number", "size", "text"))
        assert rows == [(1, 3, "余额10元"), (2, 2, "余额10元"), (3, 3, "余额2元")]
        for delivery in dispatch.deliveries.select_related("batch"):
            assert delivery.batch.text == f"余额{delivery.variables['余额']}元"
        assert campaign.report.requests == 3

    def test_a_value_is_never_expanded_again(self, make):
        content = {"kind": "sms", "text": "${a}-${b}"}
        people = [("13800000001", {"a": "${b}", "b": "%s"})]
        dispatch = confirm(make.campaign(people, content=content, vendor="yixintong"))
        assert dispatch.batches.get().text == "${b}-%s"

    def test_who_opts_out_after_the_check_is_left_out(self, make):
        campaign = make.campaign()
        preflight.check(campaign)
        Suppression.objects.create(phone="13800000001", scope="all", source="reply")
        dispatch = layout.lay_out(campaign)
        assert status.dispatch_counts([dispatch.pk]) == {"queued": 6, "skipped": 1}
        assert dispatch.batches.count() == 2

    def test_more_people_than_confirmed_stores_nothing(self, make):
        campaign = make.campaign()
        Suppression.objects.create(phone="13800000001", scope="all", source="hand")
        preflight.check(campaign)
        Suppression.objects.update(lifted_at=timezone.now())
        with pytest.raises(TooManyPeople):
            layout.lay_out(campaign)
        assert not Dispatch.objects.exists()
        assert not Delivery.objects.exists()

    def test_a_file_confirmed_after_the_check_is_not_sent_to(self, make):
        campaign = make.campaign()
        preflight.check(campaign)
        make.audience(make.people(5, 13900000001), audience=campaign.audience)
        assert layout.lay_out(campaign).total == 7

    def test_the_version_is_locked_from_then_on(self, make):
        campaign = make.campaign()
        confirm(campaign)
        campaign.version.refresh_from_db()
        assert campaign.version.is_frozen

    @pytest.mark.parametrize("seed", range(5))
    def test_any_mixture_closes(self, make, seed):
        chance = random.Random(seed)
        size = chance.randrange(1, 60)
        people = [
            (
                str(13800000000 + n),
                {"姓名": chance.choice(["", "a", "b"]), "余额": "1"},
                chance.choice(["cmcc", "cucc", ""]),
            )
            for n in range(size)
        ]
        audience = make.audience(people, invalid=chance.randrange(5), duplicate=chance.randrange(5))
        campaign = make.campaign(
            audience=audience,
            vendor=chance.choice(["rcs_gateway", "yixintong"]),
            operators=chance.choice([[], ["cmcc"]]),
            cap_count=chance.choice([None, 1]),
        )
        hit = [phone for phone, *_ in people if chance.random() < 0.3]
        sent_before(campaign, hit)
        for phone in chance.sample([phone for phone, *_ in people], size // 4):
            Suppression.objects.create(phone=phone, scope="all", source="hand")
        report = preflight.check(campaign)
        assert report.difference == 0
        dispatch = layout.lay_out(campaign)
        assert dispatch.total == size
        left_out = dispatch.deliveries.filter(own_status=OwnStatus.SKIPPED).values_list("reason")
        reasons = dict(left_out.annotate(people=Count("id")))
        reasons |= {reason: report.excluded[reason] for reason in ("invalid", "duplicate") if reason in report.excluded}
        assert reasons == report.excluded
        sizes = list(dispatch.batches.values_list("size", flat=True))
        assert (sum(sizes), len(sizes)) == (report.to_send, report.requests)
        assert all(0 < number <= 3 for number in sizes)
        for batch in dispatch.batches.all():
            assert batch.deliveries.count() == batch.size


class TestBothWays:
    """A plain dispatch is laid out in one pass, one of groups from what was decided before: the same people in the same batches."""

    @staticmethod
    def parts(campaign, **changes):
        """A spec in a run of its own, and its recipients."""
        campaign.account.batch_size = 3
        (variant,) = specs.variants(campaign)
        origin = replace(variant.spec.origin, run_id=uuid4())
        query = query_for(campaign, variant, confirmed_imports(campaign), timezone.now())
        return replace(variant.spec, origin=origin), replace(query, **changes)

    @pytest.mark.parametrize("left_out", [0, 1, 2, 3, 4, 9])
    def test_batches_are_the_same_whichever_way(self, make, left_out):
        people = make.people(9)
        for phone, _variables in people[:left_out]:
            Suppression.objects.create(phone=phone, scope="all", source="hand")
        campaign = make.campaign(people)
        found = []
        for only in (None, sql.Fragment("1 = 1")):
            (made,) = create([Part(*self.parts(campaign, only=only))])
            batches = list(made.dispatch.batches.order_by("number").values_list("number", "size"))
            found.append((made.to_send, made.left_out, made.hold_after, laid_out(made.dispatch), batches))
        assert found[0] == found[1]
        *counted, _rows, batches = found[0]
        assert counted == [9 - left_out, {"suppressed": left_out} if left_out else {}, None]
        assert batches == [(1 + n, min(3, 9 - left_out - 3 * n)) for n in range(-(-(9 - left_out) // 3))]

    @pytest.mark.parametrize("only", [None, sql.Fragment("1 = 1")])
    def test_more_people_get_batches_of_the_next_numbers(self, make, only):
        campaign = make.campaign(make.people(60))
        people = make.people(60)
        for phone, _variables in people[::7]:
            Suppression.objects.create(phone=phone, scope="all", source="hand")
        spec, query = self.parts(campaign, only=only)
        (made,) = create([Part(spec, replace(query, share=(0, 40)))])
        added = add_recipients(made.dispatch, spec, replace(query, share=(40, 100)))
        assert made.left_out["suppressed"] + added.left_out["suppressed"] == 9
        assert (made.people + added.people, added.dispatch.total) == (60, 60)
        assert all(batch.deliveries.count() == batch.size for batch in added.dispatch.batches.all())
        batches = list(added.dispatch.batches.order_by("number").values_list("number", "size"))
        assert batches == [
            (number, size)
            for number, size in enumerate(
                [3] * (made.to_send // 3)
                + [made.to_send % 3] * bool(made.to_send % 3)
                + [3] * (added.to_send // 3)
                + [added.to_send % 3] * bool(added.to_send % 3),
                1,
            )
        ]
        assert sorted(added.dispatch.deliveries.values_list("phone", flat=True)) == [p for p, _v in make.people(60)]

    def test_people_are_not_added_to_another_message(self, make):
        campaign = make.campaign(make.people(4))
        spec, query = self.parts(campaign)
        (made,) = create([Part(spec, replace(query, share=(0, 50)))])
        other = replace(spec, message=replace(spec.message, account=make.account("emay")))
        with pytest.raises(AnotherMessage):
            add_recipients(made.dispatch, other, replace(query, share=(50, 100)))
        assert made.dispatch.deliveries.count() == made.people

    def test_more_people_than_are_allowed_for_all_parts_store_nothing(self, make):
        campaign = make.campaign(make.people(9))
        parts = [Part(*self.parts(campaign)), Part(*self.parts(campaign))]
        with pytest.raises(TooManyPeople):
            create(parts, at_most=17)
        assert not Dispatch.objects.exists()
        assert [made.to_send for made in create(parts, at_most=18)] == [9, 9]

    def test_nobody_is_stored_without_a_batch(self, make):
        """The batches are made before; were they too few, whoever found none would never be claimed."""
        campaign = make.campaign(make.people(9))
        preflight.check(campaign)
        with without(r"INSERT INTO \W?messaging_batch"), pytest.raises(RuntimeError, match="9 people of dispatch"):
            layout.lay_out(campaign)
        assert not Delivery.objects.exists()


class TestTime:
    START = timezone.make_aware(datetime(2026, 11, 26, 20, 0))
    WINDOW = SendingWindow(time(9), time(20, 30))

    def test_without_a_window(self):
        assert finish_time(self.START, 600, 10) == self.START + timedelta(seconds=60)

    def test_what_does_not_fit_goes_on_the_next_morning(self):
        finish = finish_time(self.START, 2400, 1, self.WINDOW)
        assert finish == timezone.make_aware(datetime(2026, 11, 27, 9, 10))

    def test_a_start_at_night_waits(self):
        night = timezone.make_aware(datetime(2026, 11, 26, 23, 0))
        assert finish_time(night, 60, 1, self.WINDOW) == timezone.make_aware(datetime(2026, 11, 27, 9, 1))

    def test_never(self):
        assert finish_time(self.START, 10**9, 1, self.WINDOW) is None

    def test_how_many_until_then(self):
        until = timezone.make_aware(datetime(2026, 11, 27, 9, 10))
        assert people_until(until, self.START, 1, self.WINDOW) == 2400
        assert people_until(self.START, self.START, 1, None) == 0
