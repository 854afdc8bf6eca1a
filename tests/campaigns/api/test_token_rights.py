"""A token never does more than its maker may at that moment; it ends, is rotated, and is used from known addresses only."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from campaigns.api import tokens
from campaigns.models import ApiToken, AuditEvent
from campaigns.states import Scope
from messaging.eligibility import entries
from messaging.models import Reply
from tests.campaigns.api.conftest import ROOT
from tests.campaigns.api.test_access import EVERY, shape
from tests.forms import saved
from tests.markup import read
from tests.people import integrator, person, person_with, signed_in

pytestmark = pytest.mark.django_db

ADD = "/admin/campaigns/apitoken/add/"
# What each role alone may hand out.
MAY = {
    roles.ADMINISTRATORS: {"lookup", "replies"},
    roles.CAMPAIGNS: {"send", "campaigns", "audiences", "lookup", "replies"},
    roles.SUPPORT: {"lookup", "replies", "suppressions", "reveal"},
    roles.MARKETING: set(),
}


def form(*scopes: str, **values: object) -> dict[str, object]:
    return {"name": "商城", "scopes": scopes, "per_minute": "60", "days": "90", "holder": integrator().pk, **values}


def secret(answer) -> str:
    return re.search(r'value="(sd_[\w-]{43})"', answer.content.decode())[1]


def replies_of(plain: str, **extra):
    return Client().get(
        f"{ROOT}/replies/", headers={"Authorization": f"Bearer {plain}", "Accept-Language": "en"}, **extra
    )


@pytest.mark.parametrize("role", sorted(MAY))
@pytest.mark.parametrize("scope", sorted(Scope.values))
def test_each_role_hands_out_what_it_may_do_itself(role, scope):
    """Over the service, for every role and scope; and over the page for whoever can open it."""
    maker = person(role)
    if scope in MAY[role]:
        assert tokens.make("商城", [scope], maker)[0].scopes == [scope]
        return
    with pytest.raises(tokens.BeyondRights):
        tokens.make("商城", [scope], maker)
    if role == roles.ADMINISTRATORS:
        page = signed_in(role).post(ADD, form(scope))
        assert page.status_code == 200
        assert str(Scope(scope).label) in read(page).text
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(("method", "path", "scope"), EVERY)
def test_a_token_loses_what_its_maker_lost(method, path, scope, caller):
    system = caller(scope)
    integrator().groups.clear()
    answer = system.call(method, path, {"phone": "13800000001"}, headers={"Idempotency-Key": "k"})
    assert shape(answer) == (403, "maker_may_not", "")
    integrator().groups.set(Group.objects.filter(name__in=[roles.CAMPAIGNS, roles.SUPPORT]))
    assert system.call(method, path).status_code not in (401, 403)


def test_numbers_and_what_customers_wrote_are_masked_once_the_maker_may_not_reveal(house, caller):
    Reply.objects.create(
        account=house.account, phone="13812349876", content="打我另一个 13900001112", key="1", replied_at=timezone.now()
    )
    system = caller("replies", "reveal")
    (shown,) = system.get("/replies/").json()["results"]
    assert (shown["phone"], shown["content"]) == ("13812349876", "打我另一个 13900001112")
    integrator().groups.remove(Group.objects.get(name=roles.SUPPORT))
    (masked,) = system.get("/replies/").json()["results"]
    assert (masked["phone"], masked["content"]) == ("138****9876", "打我另一个 139****1112")
    assert AuditEvent.objects.filter(action="numbers.read_by_api").count() == 1


def test_lifting_an_entry_by_its_id_shows_its_number_and_is_noted(caller):
    entry = entries.suppress("13812349876", source="hand", note="他打 13900001112")
    system = caller("suppressions", "reveal")
    shown = system.post(f"/suppressions/{entry.pk}/lift/", {"reason": "x"}).json()
    assert (shown["phone"], shown["note"]) == ("13812349876", "他打 13900001112")
    assert AuditEvent.objects.get(action="numbers.read_by_api").detail == {"people": 1}


def test_a_scope_is_added_only_by_who_may_do_it_and_for_a_maker_who_may():
    token, _plain = tokens.make("商城", ["lookup"], person(roles.ADMINISTRATORS))
    change = reverse("admin:campaigns_apitoken_change", args=[token.pk])
    for client in (signed_in(roles.ADMINISTRATORS), signed_in(superuser=True), signed_in(user=integrator())):
        assert saved(client, change, form("lookup", "reveal", active="on")).status_code == 200
        token.refresh_from_db()
        assert token.scopes == ["lookup"]
    assert saved(signed_in(roles.ADMINISTRATORS), change, form("lookup", "replies", active="on")).status_code == 302


def test_who_sees_a_new_secret_may_do_all_that_it_may():
    token, plain = tokens.make("商城", ["replies", "reveal"], integrator())
    rotate = reverse("admin:campaigns_apitoken_rotate", args=[token.pk])
    admin = signed_in(roles.ADMINISTRATORS)
    assert admin.get(rotate).status_code == 200
    assert admin.post(rotate, {"days": "30", "overlap": "7"}).status_code == 403
    assert tokens.find(plain) == token
    assert signed_in(roles.SUPPORT).post(rotate, {"days": "30", "overlap": "7"}).status_code == 403


class TestEnd:
    def test_ninety_days_unless_said_otherwise_and_a_year_at_most(self):
        client = signed_in(user=integrator())
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False):
            assert "90" in client.get(ADD).content.decode()
            assert client.post(ADD, form("lookup", days="366")).status_code == 200
            assert client.post(ADD, form("lookup", days="0")).status_code == 200
            assert not ApiToken.objects.exists()
            client.post(ADD, form("lookup"))
            assert ApiToken.objects.get().expires_at == timezone.now() + timedelta(days=90)
            assert tokens.make("另一个", ["lookup"], integrator(), days=9999)[
                0
            ].expires_at == timezone.now() + timedelta(365)

    def test_after_its_end_it_is_refused_in_clear_words(self):
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            _token, plain = tokens.make("商城", ["replies"], integrator(), days=10)
            clock.shift(timedelta(days=10, seconds=-1))
            assert replies_of(plain).status_code == 200
            clock.shift(1)
            refused = replies_of(plain)
        assert shape(refused) == (401, "token_expired", "")
        assert "2026-03-11 12:00" in refused.json()["error"]["message"]
        assert refused["WWW-Authenticate"] == "Bearer"

    def test_two_weeks_before_the_workbench_of_who_can_rotate_it_says_so(self):
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            tokens.make("商城系统", ["lookup"], integrator(), days=30)
            home = reverse("admin:index")
            assert "商城系统" not in read(signed_in(roles.ADMINISTRATORS).get(home)).text
            clock.shift(timedelta(days=17))
            assert "商城系统" in read(signed_in(roles.ADMINISTRATORS).get(home)).text
            assert "商城系统" not in read(signed_in(roles.SUPPORT).get(home)).text
            ApiToken.objects.update(active=False)
            assert "商城系统" not in read(signed_in(roles.ADMINISTRATORS).get(home)).text

    def test_the_list_shows_for_how_long_it_was_not_used(self):
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            token, plain = tokens.make("商城", ["replies"], integrator())
            clock.shift(timedelta(days=29))
            client = signed_in(roles.ADMINISTRATORS, language="en")
            address = reverse("admin:campaigns_apitoken_changelist")
            assert "unused" not in read(client.get(address)).text
            clock.shift(timedelta(days=2))
            client = signed_in(roles.ADMINISTRATORS, language="en")
            assert "unused for 31 days" in read(client.get(address)).text
            assert replies_of(plain).status_code == 200
            assert "unused" not in read(client.get(address)).text


class TestRotation:
    def test_both_work_for_a_while_then_only_the_new_one(self):
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            token, old = tokens.make("商城", ["replies"], integrator(), days=90)
            rotate = reverse("admin:campaigns_apitoken_rotate", args=[token.pk])
            shown = signed_in(user=integrator()).post(rotate, {"days": "60", "overlap": "7"})
            assert "no-store" in shown["Cache-Control"]
            new = secret(shown)
            assert new != old
            assert [replies_of(one).status_code for one in (old, new)] == [200, 200]
            token.refresh_from_db()
            assert token.expires_at == timezone.now() + timedelta(days=60)
            assert token.old_used_at == timezone.now()
            clock.shift(timedelta(days=7))
            assert shape(replies_of(old)) == (401, "token_expired", "")
            assert replies_of(new).status_code == 200
        event = AuditEvent.objects.get(action="token.rotated")
        assert event.actor == integrator()
        assert event.detail["old_until"] == "2026-03-08 12:00"
        assert old not in str(event.detail)

    def test_at_once_for_a_secret_that_was_seen(self):
        token, old = tokens.make("商城", ["replies"], integrator())
        new = tokens.rotate(token, integrator(), overlap_days=0)
        assert shape(replies_of(old)) == (401, "token_expired", "")
        assert replies_of(new).status_code == 200

    def test_the_old_one_does_not_outlive_its_own_end(self):
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            token, old = tokens.make("商城", ["replies"], integrator(), days=2)
            tokens.rotate(token, integrator(), overlap_days=30)
            clock.shift(timedelta(days=2))
            assert shape(replies_of(old)) == (401, "token_expired", "")

    def test_twice_leaves_two_secrets_and_no_more(self):
        token, first = tokens.make("商城", ["replies"], integrator())
        second = tokens.rotate(token, integrator())
        third = tokens.rotate(token, integrator())
        assert [replies_of(one).status_code for one in (first, second, third)] == [401, 200, 200]


class TestAddresses:
    @pytest.mark.parametrize(
        ("networks", "peer", "status"),
        [
            ([], "203.0.113.9", 200),
            (["203.0.113.9"], "203.0.113.9", 200),
            (["203.0.113.0/24", "2001:db8::/32"], "203.0.113.77", 200),
            (["203.0.113.0/24", "2001:db8::/32"], "2001:db8::5", 200),
            (["203.0.113.0/24"], "::ffff:203.0.113.5", 200),
            (["203.0.113.9"], "203.0.113.10", 403),
            (["2001:db8::/32"], "203.0.113.9", 403),
        ],
    )
    def test_only_from_there(self, networks, peer, status):
        _token, plain = tokens.make("商城", ["replies"], integrator(), networks=networks)
        answer = replies_of(plain, REMOTE_ADDR=peer)
        assert answer.status_code == status
        if status == 403:
            assert shape(answer) == (403, "address_not_allowed", "")

    def test_behind_the_proxy_the_clients_address_counts_and_nothing_that_it_wrote(self, settings):
        settings.TRUSTED_PROXIES = ["10.0.0.1"]
        _token, plain = tokens.make("商城", ["replies"], integrator(), networks=["203.0.113.9"])
        for forwarded, status in [
            ("203.0.113.9", 200), ("203.0.113.9, 198.51.100.7", 403), ("198.51.100.7, 203.0.113.9", 200), ("x", 403),
        ]:  # fmt: skip
            answer = replies_of(plain, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
            assert answer.status_code == status, forwarded

    def test_the_page_takes_addresses_and_nothing_else(self):
        client = signed_in(user=integrator())
        assert client.post(ADD, form("lookup", networks="203.0.113.9\n乱写")).status_code == 200
        assert not ApiToken.objects.exists()
        client.post(ADD, form("lookup", networks="203.0.113.9\n10.0.0.0/8"))
        token = ApiToken.objects.get()
        assert token.networks == ["203.0.113.9", "10.0.0.0/8"]
        change = reverse("admin:campaigns_apitoken_change", args=[token.pk])
        assert "203.0.113.9" in client.get(change).content.decode()
        data = form("lookup", networks="203.0.113.9", active="on")
        assert saved(client, change, data).status_code == 302
        event = AuditEvent.objects.get(action="token.changed")
        assert event.detail == {"networks": ["203.0.113.9"]}


class TestHolder:
    def test_neither_maker_nor_holder_approves_what_a_token_made(self, house, caller):
        """The holder is a campaign manager, who otherwise could."""
        from campaigns.approvals import decide
        from campaigns.models import Approval, Campaign

        holder, other = person_with(roles.CAMPAIGNS, name="持有人"), person_with(roles.CAMPAIGNS, name="同事")
        token, _plain = tokens.make("商城", ["campaigns"], integrator(), holder=holder)
        assert AuditEvent.objects.get(action="token.made").detail["holder"] == "持有人"
        campaign = Campaign(created_by=integrator(), token_holder=holder)
        asked = Approval(campaign=campaign, asked_by=integrator(), token_holder=token.holder)
        assert [bool(decide.why_not(asked, one)) for one in (integrator(), holder)] == [True, True]
        campaign.pk = 0
        assert not decide.why_not(asked, other)

    def test_a_holder_is_chosen_among_people_who_are_here(self):
        gone = person_with(roles.CAMPAIGNS, name="走了")
        User.objects.filter(pk=gone.pk).update(is_active=False)
        client = signed_in(user=integrator())
        assert client.post(ADD, form("lookup", holder=gone.pk)).status_code == 200
        assert client.post(ADD, form("lookup", holder="")).status_code == 200
        assert not ApiToken.objects.exists()
