"""The cap of the sending policy holds for every way in which a message goes out; notices and answers have one of their own."""

import csv
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from campaigns import preflight, roles
from campaigns.models import Audience, AudienceImport, AudienceMember
from campaigns.states import ImportState
from messaging.eligibility import entries
from messaging.gateway.types import ReplyEvent
from messaging.inbox import answers, replies
from messaging.models import Batch, Delivery, Dispatch, KeywordRule, Reply, SendingPolicy
from messaging.policy import change
from messaging.sending import hand_over, test_sends, texts
from messaging.sending.spec import Message
from messaging.states import BatchState, DispatchState, OwnStatus
from tests.builders import phones
from tests.forms import saved
from tests.markup import read
from tests.people import person, signed_in, token_on

pytestmark = pytest.mark.django_db
PHONE = phones(1)[0]


def rule(**values):
    rules = SendingPolicy(approve_first_use=False, marketing_from=None, marketing_until=None, **values)
    rules.save()
    return rules


def sent(account, numbers, *, purpose="marketing", days=0, **values):
    """An earlier round that reached these numbers."""
    dispatch = Dispatch.objects.create(title="早先", account=account, purpose=purpose, total=len(numbers), **values)
    at = timezone.now() - timedelta(days=days, minutes=1)
    batch = Batch.objects.create(
        dispatch=dispatch, account=account, number=1, size=len(numbers), state=BatchState.SUBMITTED, submitted_at=at
    )
    Delivery.objects.bulk_create(
        Delivery(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=phone) for phone in numbers
    )
    return dispatch


def why(dispatch, phone=PHONE):
    row = dispatch.deliveries.get(phone=phone)
    return row.own_status, row.reason


class TestCampaigns:
    def test_the_check_leaves_out_by_both_caps(self, make):
        rule(cap_count=3, cap_days=7)
        campaign = make.campaign(cap_count=1, cap_days=1)
        numbers = [phone for phone, _variables in make.people(7)]
        for days in (2, 3, 4):
            sent(campaign.account, numbers[:1], days=days)  # three in a week: the policy's
        sent(campaign.account, numbers[1:2])  # one today: the campaign's own
        sent(campaign.account, numbers[2:3], days=2)
        sent(campaign.account, numbers, purpose="notice")
        assert preflight.check(campaign).excluded == {"over_cap": 2}

    def test_without_one_of_its_own_the_policys_holds(self, make):
        rule(cap_count=1, cap_days=3)
        campaign = make.campaign()
        sent(campaign.account, [make.people(1)[0][0]], days=2)
        assert preflight.check(campaign).excluded == {"over_cap": 1}
        rule(cap_count=1, cap_days=1)
        assert preflight.check(campaign).excluded == {}

    def test_a_notice_campaign_has_the_cap_of_notices(self, make):
        rule(cap_count=1, notice_cap_count=2, notice_cap_days=1)
        campaign = make.campaign(purpose="notice", cap_count=1)
        first, second = (phone for phone, _variables in make.people(2))
        sent(campaign.account, [first, second])
        sent(campaign.account, [first], purpose="notice")
        assert preflight.check(campaign).excluded == {}
        sent(campaign.account, [first], purpose="notice")
        assert preflight.check(campaign).excluded == {"over_cap": 1}

    def test_by_default_notices_have_none(self, make):
        campaign = make.campaign(purpose="notice")
        for _time in range(12):
            sent(campaign.account, [make.people(1)[0][0]], purpose="notice")
        assert preflight.check(campaign).excluded == {}

    @pytest.mark.parametrize("kind", [Dispatch.Kind.RESEND, Dispatch.Kind.FALLBACK])
    def test_follow_ups_and_fallbacks_keep_to_it_at_the_claim(self, house, kind):
        rule(cap_count=1)
        dispatch = house.make_dispatch(phones(2), kind=kind, leg="later")
        failed = sent(house.account, [PHONE])
        Dispatch.objects.filter(pk=failed.pk).update(run_id=dispatch.run_id)
        Delivery.objects.filter(dispatch=failed).update(run_id=dispatch.run_id)
        hand_over.send_some(dispatch.pk)
        assert house.accepted() == dict.fromkeys(phones(2), 1)  # what it stands for does not count
        again = house.make_dispatch(phones(2), kind=kind, leg="later")
        hand_over.send_some(again.pk)
        assert (why(again), house.accepted()) == ((OwnStatus.SKIPPED, "over_cap"), dict.fromkeys(phones(2), 1))


class TestRules:
    def test_a_changed_cap_holds_for_what_is_under_way(self, house):
        rule()
        dispatch = house.make_dispatch(phones(2))
        done = house.make_dispatch(phones(2), state=DispatchState.DONE)
        notice = house.make_dispatch(phones(2), purpose="notice")
        sent(house.account, [PHONE])
        change.save(SendingPolicy(pk=1, cap_count=1, cap_days=2), ["cap_count", "cap_days"], None)
        for row in (dispatch, done, notice):
            row.refresh_from_db()
        assert (dispatch.policy_cap_count, dispatch.policy_cap_days) == (1, 2)
        assert (done.policy_cap_count, notice.policy_cap_count) == (None, None)
        hand_over.send_some(dispatch.pk)
        assert (why(dispatch), house.accepted()) == ((OwnStatus.SKIPPED, "over_cap"), {phones(2)[1]: 1})

    def test_the_form_saves_them(self, db):
        client = signed_in(superuser=True)
        address = reverse("admin:messaging_sendingpolicy_changelist")
        page = client.get(address, follow=True)
        address = page.redirect_chain[-1][0] if page.redirect_chain else address
        form = page.context["form"] if "form" in page.context else page.context["adminform"].form
        values = {name: form[name].value() for name in form.fields}
        given = {name: "" if value is None else value for name, value in values.items() if value is not False}
        given["holidays"] = ""
        changed = {"cap_count": "3", "cap_days": "2", "notice_cap_count": "10", "tests_of_person": "5"}
        assert saved(client, address, {**given, **changed}).status_code == 302
        rules = SendingPolicy.current()
        assert (rules.cap_count, rules.cap_days, rules.notice_cap_count, rules.tests_of_person) == (3, 2, 10, 5)


class TestTexts:
    """`send_texts`: notices by default, marketing where it says so."""

    def consented(self, numbers):
        audience = Audience.objects.create(name="会员", consent_source="门店", consent_on=timezone.localdate())
        source = AudienceImport.objects.create(
            audience=audience, file_name="a.csv", sha256="0" * 64, state=ImportState.DONE
        )
        for line, phone in enumerate(numbers, 2):
            AudienceMember.objects.create(audience=audience, source=source, phone=phone, line=line)

    def test_marketing_goes_to_whom_it_may(self, make):
        rule(cap_count=1)
        account = make.account("emay")
        numbers = phones(4)
        self.consented(numbers[:3])
        sent(account, numbers[:1])
        message = Message(account=account, text="新品", signature=None)
        dispatch = texts.send_texts(message, [(phone, {}) for phone in numbers], title="新品", purpose="marketing")
        assert [why(dispatch, phone) for phone in numbers] == [
            (OwnStatus.SKIPPED, "over_cap"),
            (None, ""),
            (None, ""),
            (OwnStatus.SKIPPED, "no_consent"),
        ]
        assert (dispatch.purpose, dispatch.queue) == ("marketing", "bulk")
        assert list(dispatch.batches.values_list("size", "n_skipped")) == [(2, 0)]

    def test_marketing_keeps_to_the_window_and_the_holidays(self, make):
        SendingPolicy(approve_first_use=False, holidays=["2030-10-01"]).save()
        row = [(PHONE, {})]
        account = make.account("emay")
        dispatch = texts.send_texts(
            Message(account=account, text="新品", signature=None), row, title="新品", purpose="marketing"
        )
        assert (str(dispatch.window_from), str(dispatch.window_until)) == ("09:00:00", "20:30:00")
        assert dispatch.holidays == ["2030-10-01"]
        notice = texts.send_texts(Message(account=account, text="到货", signature=None), row, title="到货")
        assert (notice.window_from, notice.holidays, why(notice)) == (None, [], (None, ""))

    def test_the_command_asks_which_it_is_and_tells_who_is_left_out(self, make, tmp_path, capsys):
        account = make.account("emay")
        self.consented(phones(1))
        file = tmp_path / "people.csv"
        with file.open("w", newline="") as stream:
            csv.writer(stream).writerows([["phone"], *([phone] for phone in phones(3))])
        call_command("send_texts", account.name, str(file), "新品", "--yes", "--purpose", "marketing")
        out = capsys.readouterr().out
        assert "1 people are queued" in out
        assert "no_consent: 2" in out


class TestAnswers:
    def reply(self, house, content="几点开门", key="k1"):
        replies.store(house.account, ReplyEvent(key=key, phone=PHONE, content=content, at=timezone.now()))
        return Reply.objects.get(key=key)

    def test_an_answer_over_the_cap_is_refused_with_the_reason(self, house):
        rule(notice_cap_count=2, notice_cap_days=1)
        for n in range(2):
            answers.answer(self.reply(house, key=f"k{n}"), "九点", house.signature, None)
            hand_over.send_some(Dispatch.objects.latest("pk").pk)
        last = self.reply(house, key="k3")
        with pytest.raises(ValidationError, match="2"):
            answers.answer(last, "九点", house.signature, None)
        last.refresh_from_db()
        assert (last.state, Dispatch.objects.count(), house.accepted()) == (Reply.State.NEW, 2, {PHONE: 2})

    def test_who_gets_no_automatic_answer_waits_for_a_person(self, house):
        rule(notice_cap_count=1)
        KeywordRule.objects.create(word="几点", match="prefix", action="answer", text="九点")
        sent(house.account, [PHONE], purpose="notice")
        assert self.reply(house).state == Reply.State.NEW
        assert Dispatch.objects.count() == 1

    def test_marketing_does_not_count_for_answers(self, house):
        rule(notice_cap_count=1, cap_count=1)
        sent(house.account, [PHONE])
        answers.answer(self.reply(house), "九点", house.signature, None)
        hand_over.send_some(Dispatch.objects.latest("pk").pk)
        assert house.accepted() == {PHONE: 1}


class TestTests:
    def made(self, house):
        dispatch = test_sends.send_test(house.message(), phones(2), actor=person(roles.MARKETING))
        hand_over.send_some(dispatch.pk)
        return dispatch

    @pytest.mark.parametrize("as_well", [False, True])
    def test_they_count_and_are_capped_only_where_the_policy_says_so(self, house, as_well):
        rule(cap_count=1, cap_tests=as_well)
        first, second = self.made(house), self.made(house)
        wanted = (OwnStatus.SKIPPED, "over_cap") if as_well else (None, "")
        assert (why(first), why(second)) == ((None, ""), wanted)
        campaign = house.make_dispatch(phones(2))
        hand_over.send_some(campaign.pk)
        assert why(campaign) == wanted


class TestTestsADay:
    def made(self, house, count, actor, first=13900000000):
        return test_sends.send_test(house.message(), phones(count, first), actor=actor)

    def test_of_one_person_and_of_all(self, house):
        rule(tests_of_person=5, tests_of_all=8)
        one, other = person(roles.MARKETING), person(roles.CAMPAIGNS)
        self.made(house, 3, one)
        with pytest.raises(ValidationError, match="3.*5"):
            self.made(house, 3, one)
        self.made(house, 2, one)
        with pytest.raises(ValidationError, match="5.*8"):
            self.made(house, 4, other)
        self.made(house, 3, other)
        assert Dispatch.objects.filter(kind="test").count() == 3

    def test_who_got_nothing_does_not_count_and_yesterday_is_over(self, house):
        rule(tests_of_person=3, tests_of_all=None)
        me = person(roles.MARKETING)
        entries.suppress(phones(1, 13900000000)[0], source="hand")
        self.made(house, 3, me)
        self.made(house, 1, me, 13900000050)
        with pytest.raises(ValidationError):
            self.made(house, 1, me, 13900000060)
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        Dispatch.objects.update(created_at=midnight - timedelta(seconds=1))
        self.made(house, 3, me)

    def test_empty_does_not_limit(self, house):
        rule(tests_of_person=None, tests_of_all=None)
        for _time in range(6):
            self.made(house, 20, person(roles.MARKETING))
        assert Delivery.objects.count() == 120

    def test_the_page_says_why(self, house):
        rule(tests_of_person=1)
        client = signed_in(roles.MARKETING, language="en")
        address = reverse("admin:messaging_dispatch_test_send", args=[house.version.pk, house.account.pk])
        data = {"numbers": "13900000001\n13900000002", "signature": house.signature.pk, "chatbot": house.chatbot.pk}
        answer = client.post(address, {**data, "token": token_on(client, address, data)}, follow=True)
        assert "You have sent 0 test messages today, and with these it would be more than 1." in read(answer).text
        assert not Dispatch.objects.exists()
