"""Two people have the same form open: whoever saves second is shown what the first changed, and overwrites nothing unseen."""

import re
import threading
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import preflight
from campaigns.models import ApiToken, Campaign, OperatorPrefix, WebhookEndpoint
from messaging.models import CannedAnswer, Chatbot, KeywordRule, SendingPolicy, Signature, VendorAccount
from templates_5g.models import MediaAsset
from tests.campaigns.conftest import Maker
from tests.forms import sent
from tests.people import person

pytestmark = pytest.mark.django_db


def change_url(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def user():
    return User.objects.create_user("lisi", is_staff=True, first_name="李", last_name="四")


def token():
    maker = person(superuser=True)
    given = {"name": "商城", "prefix": "abcd", "digest": "0" * 64, "scopes": ["send"], "per_minute": 60}
    return ApiToken.objects.create(**given, created_by=maker, holder=maker)


def webhook():
    return WebhookEndpoint.objects.create(
        name="CRM", url="https://93.184.216.34/hook", events=["campaign.finished"], created_by=person(superuser=True)
    )


def asset():
    return MediaAsset.objects.create(
        name="海报.png", file="assets/x.png", mime="image/png", extension="png", size=10, sha256="1" * 64
    )


def chatbot(make):
    return Chatbot.objects.create(account=make.account(), name="商城", signature=make.signature())


# Model -> how to make a row of it, and two changes to different fields, as (field, value sent).
FORMS = {
    "campaigns.campaign": (lambda make: make.campaign(), ("start_at", "2036-12-05T10:00"), ("cap_days", "9")),
    "campaigns.audience": (lambda make: make.audience([]), ("name", "老客"), ("consent_source", "门店")),
    "campaigns.operatorprefix": (
        lambda make: OperatorPrefix.objects.create(prefix="1999", operator="cmcc"),
        ("prefix", "1998"),
        ("operator", "cucc"),
    ),
    "messaging.sendingpolicy": (
        lambda make: SendingPolicy.objects.create(pk=1),
        ("approve_people", "5"),
        ("marketing_until", "19:00"),
    ),
    "campaigns.apitoken": (lambda make: token(), ("name", "仓库"), ("per_minute", "5")),
    "campaigns.webhookendpoint": (lambda make: webhook(), ("name", "ERP"), ("full_numbers", "on")),
    "messaging.vendoraccount": (lambda make: make.account(), ("in_flight", "3"), ("name", "备用")),
    "messaging.keywordrule": (
        lambda make: KeywordRule.objects.create(word="人工", action="tag", tag="人工"),
        ("tag", "转人工"),
        ("enabled", None),
    ),
    "messaging.cannedanswer": (
        lambda make: CannedAnswer.objects.create(title="你好", text="您好"),
        ("title", "问候"),
        ("text", "您好，在的"),
    ),
    "messaging.signature": (lambda make: make.signature(), ("cmcc", "pending"), ("blocks_unfiled", "on")),
    "messaging.chatbot": (chatbot, ("name", "商城客服"), ("operators", ["cmcc"])),
    "templates_5g.mediaasset": (lambda make: asset(), ("name", "主图.png"), ("name", "首图.png")),
    "auth.user": (lambda make: user(), ("first_name", "王"), ("email", "li@example.com")),
}
# Who may change them changes nothing by a form of fields that show what is stored.
WITHOUT_SUCH_A_FORM = {
    "templates_5g.messagetemplate": "its page leads to the newest version's",
    "templates_5g.templateversion": "the editor counts saves and shows both (tests/templates_5g/test_versions.py)",
    "axes.accessattempt": "every field is only shown",
    "axes.accesslog": "every field is only shown",
    "axes.accessfailurelog": "every field is only shown",
}


def page_of(label, row):
    if label == "messaging.sendingpolicy":
        return reverse("admin:messaging_sendingpolicy_changelist")
    return change_url(row)


def changed(change):
    return {change[0]: change[1]}


@pytest.fixture
def two(db):
    """Two people who may everything, each at a browser of their own, in English."""
    made = []
    for name in ("王经理", "周经理"):
        root = User.objects.create_superuser(name, first_name=name)
        browser = Client()
        browser.force_login(root)
        browser.cookies["django_language"] = "en"
        made.append(browser)
    return made


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Files have a place of their own."""
    settings.MEDIA_ROOT = tmp_path


def test_every_page_that_may_change_something_is_tried_or_named():
    request = SimpleNamespace(user=User(is_superuser=True, is_active=True), method="GET", GET={}, POST={})
    may = {
        model._meta.label_lower for model, page in admin.site._registry.items() if page.has_change_permission(request)
    }
    assert may == set(FORMS) | set(WITHOUT_SUCH_A_FORM)


def test_pages_that_are_only_shown_have_no_field():
    request = SimpleNamespace(user=User(is_superuser=True, is_active=True), method="GET", GET={}, POST={})
    for model, page in admin.site._registry.items():
        if WITHOUT_SUCH_A_FORM.get(model._meta.label_lower, "").startswith("every field"):
            row = model()
            shown = page.get_readonly_fields(request, row)
            fields = {name for _title, group in page.get_fieldsets(request, row) for name in group["fields"]}
            assert fields <= set(shown)


@pytest.mark.parametrize("label", FORMS)
class TestEveryForm:
    def test_the_second_sees_what_the_first_changed_and_then_decides(self, label, make: Maker, two):
        build, first, second = FORMS[label]
        row = build(make)
        url = page_of(label, row)
        pages = [browser.get(url) for browser in two]
        saved = two[0].post(url, sent(pages[0], **changed(first)))
        assert saved.status_code == 302, errors(saved)
        after_first = stored(row)
        refused = two[1].post(url, sent(pages[1], **changed(second)))
        assert refused.status_code == 200
        assert stored(row) == after_first
        assert "Changed by somebody else meanwhile" in refused.content.decode()
        (collision,) = form_of(refused).collisions
        assert collision.name == first[0]
        assert collision.both is (first[0] == second[0])
        assert collision.before != collision.theirs
        kept = two[1].post(url, sent(refused))
        assert kept.status_code == 302, errors(kept)
        final = stored(row)
        assert final != after_first
        wanted = [second] if first[0] == second[0] else [first, second]
        shown = sent(two[0].get(url))
        for name, value in wanted:
            assert shown.get(name, None if value is None else [""]) == (
                value if isinstance(value, (list, type(None))) else [value]
            )

    def test_the_comparison_stands_above_everything_else_on_the_page(self, label, make: Maker, two):
        build, first, second = FORMS[label]
        url = page_of(label, build(make))
        pages = [browser.get(url) for browser in two]
        assert two[0].post(url, sent(pages[0], **changed(first))).status_code == 302
        html = two[1].post(url, sent(pages[1], **changed(second))).content.decode()
        content = html[html.index('id="content"') :]
        others = min(content.find(one) % len(content) for one in ('<section class="panel"', "<fieldset"))  # -1: the end
        assert content.index('class="errornote"') < content.index("collisions") < others
        assert content.count('name="_loaded"') == 1
        (button,) = re.findall(r'<button[^>]*name="_save"\s+value="1"[^>]*>', content)
        for form in re.findall(r'\sform="([^"]+)"', button):
            assert re.search(rf'<form[^>]*\sid="{form}"', content)

    def test_nobody_is_asked_while_nobody_else_saved(self, label, make: Maker, two):
        build, first, second = FORMS[label]
        row = build(make)
        url = page_of(label, row)
        for change in (first, second):
            answer = two[0].post(url, sent(two[0].get(url), **changed(change)))
            assert answer.status_code == 302, errors(answer)

    def test_without_what_the_page_showed_nothing_is_overwritten(self, label, make: Maker, two):
        build, first, _second = FORMS[label]
        row = build(make)
        url = page_of(label, row)
        page, before = two[0].get(url), stored(row)
        for token_sent in ("", "forged"):
            data = sent(page, **changed(first)) | {"_loaded": token_sent}
            assert two[0].post(url, data).status_code == 200
            assert stored(row) == before
        assert two[0].post(url, sent(two[0].post(url, data))).status_code == 302
        assert stored(row) != before


def form_of(answer):
    found = answer.context.get("adminform")
    return found.form if found else answer.context.get("rename_form") or answer.context["form"]


def errors(answer):
    return form_of(answer).errors if answer.status_code == 200 else answer


def stored(row):
    values = type(row).objects.filter(pk=row.pk).values().get()
    for name in ("updated_at", "last_used_at", "checked_at"):
        values.pop(name, None)
    return values


class TestWords:
    @pytest.fixture
    def refused(self, make, two):
        """The first has set a start; the second has a number a second."""
        campaign = make.campaign()
        url = change_url(campaign)
        pages = [browser.get(url) for browser in two]
        two[0].post(url, sent(pages[0], start_at="2036-12-05T10:00", operators=["cmcc", "cucc"]))
        return campaign, two[1].post(url, sent(pages[1], per_second="7", start_at="2036-12-06T08:00"))

    def test_field_by_field(self, refused):
        campaign, page = refused
        found = {one.name: (one.before, one.theirs, one.mine, one.both) for one in form_of(page).collisions}
        assert found == {
            "start_at": ("(empty)", "2036-12-05 10:00", "2036-12-06 08:00", True),
            "operators": ("(empty)", "China Mobile、China Unicom", "(empty)", False),
        }

    def test_who_and_when(self, refused):
        _campaign, page = refused
        (error,) = form_of(page).non_field_errors()
        assert error.startswith("王经理 today ")
        assert error in page.content.decode()

    def test_the_form_holds_mine_where_i_changed_and_theirs_elsewhere(self, refused, two):
        campaign, page = refused
        values = sent(page)
        assert (values["start_at"], values["per_second"]) == (["2036-12-06T08:00"], ["7"])
        assert sorted(values["operators"]) == ["cmcc", "cucc"]
        two[1].post(change_url(campaign), values)
        campaign.refresh_from_db()
        assert (campaign.per_second, campaign.operators) == (7, ["cmcc", "cucc"])
        assert timezone.localtime(campaign.start_at).strftime("%d %H:%M") == "06 08:00"

    def test_keeping_theirs_is_a_page_that_saves_nothing(self, refused, two):
        campaign, page = refused
        address = change_url(campaign)
        assert f'<a class="button" href="{address}">' in page.content.decode()
        values = sent(two[1].get(address))
        assert (values["start_at"], values.get("per_second")) == (["2036-12-05T10:00"], [""])

    def test_a_third_person_meanwhile_is_shown_too(self, refused, two):
        campaign, page = refused
        Campaign.objects.filter(pk=campaign.pk).update(name="又改了")
        again = two[1].post(change_url(campaign), sent(page))
        assert [one.name for one in form_of(again).collisions] == ["name"]

    def test_both_made_the_same_of_it(self, make, two):
        campaign = make.campaign()
        url = change_url(campaign)
        pages = [browser.get(url) for browser in two]
        two[0].post(url, sent(pages[0], name="双十二"))
        assert two[1].post(url, sent(pages[1], name="双十二", per_second="7")).status_code == 302
        campaign.refresh_from_db()
        assert (campaign.name, campaign.per_second) == ("双十二", 7)

    def test_other_mistakes_are_named_with_it(self, make, two):
        campaign = make.campaign()
        url = change_url(campaign)
        pages = [browser.get(url) for browser in two]
        two[0].post(url, sent(pages[0], name="双十二"))
        page = two[1].post(url, sent(pages[1], per_second="-1"))
        assert set(form_of(page).errors) == {"per_second", "__all__"}

    def test_what_workers_write_disturbs_nobody(self, make, two):
        account = make.account()
        url = change_url(account)
        page = two[0].get(url)
        VendorAccount.objects.filter(pk=account.pk).update(status="stopped", balance="5", trouble_streak=3)
        assert two[0].post(url, sent(page, low_balance="50")).status_code == 302
        account.refresh_from_db()
        assert (account.status, account.balance, account.trouble_streak) == ("stopped", 5, 3)

    def test_the_page_of_another_row_is_no_witness(self, make, two):
        one, other = make.signature(), make.signature()
        Signature.objects.filter(pk=other.pk).update(text="别的")
        data = sent(two[0].get(change_url(one)), cmcc="pending")
        assert two[0].post(change_url(other), data).status_code == 200
        other.refresh_from_db()
        assert (other.text, other.cmcc) == ("别的", "filed")


class TestSecrets:
    def test_that_a_secret_was_changed_is_told_and_its_value_is_not(self, make, two):
        account = make.account()
        url = change_url(account)
        pages = [browser.get(url) for browser in two]
        secret = next(name for name in sent(pages[0]) if name.startswith("credential_") and not sent(pages[0])[name][0])
        assert two[0].post(url, sent(pages[0], **{secret: "0123456789abcdef"})).status_code == 302
        page = two[1].post(url, sent(pages[1], **{secret: "fedcba9876543210"}))
        (collision,) = form_of(page).collisions
        assert (collision.name, collision.theirs, collision.both) == (secret, "was changed", True)
        account.refresh_from_db()
        assert account.credentials[secret.removeprefix("credential_")] == "0123456789abcdef"
        html = page.content.decode()
        assert "0123456789abcdef" not in html
        assert all(value not in html for value in account.credentials.values() if len(value) > 8)


class TestTemplateSettings:
    def test_name_purpose_and_note(self, make, two):
        version = make.version()
        url = reverse("admin:templates_5g_templateversion_settings", args=[version.pk])
        pages = [browser.get(url) for browser in two]
        assert two[0].post(url, sent(pages[0], name="会员日")).status_code == 302
        page = two[1].post(url, sent(pages[1], note="给老客"))
        (collision,) = form_of(page).collisions
        assert (collision.name, collision.theirs) == ("name", "会员日")
        version.template.refresh_from_db()
        assert (version.template.name, version.template.note) == ("会员日", "")
        assert two[1].post(url, sent(page)).status_code == 302
        version.template.refresh_from_db()
        assert (version.template.name, version.template.note) == ("会员日", "给老客")


class TestRulesThatNobodyHasSaved:
    def test_the_first_two_who_save(self, two):
        url = reverse("admin:messaging_sendingpolicy_changelist")
        pages = [browser.get(url) for browser in two]
        assert two[0].post(url, sent(pages[0], approve_people="5")).status_code == 302
        page = two[1].post(url, sent(pages[1], type_above="6"))
        assert [one.name for one in form_of(page).collisions] == ["approve_people"]
        assert SendingPolicy.objects.get().type_above == 1000


@pytest.mark.django_db(transaction=True)
class TestInTheSameMoment:
    """On PostgreSQL both are inside their transactions at once; on SQLite one waits at the door."""

    @pytest.mark.parametrize(
        "label", ["campaigns.campaign", "messaging.sendingpolicy", "messaging.vendoraccount", "messaging.signature"]
    )
    def test_one_saves_and_the_other_is_told(self, label, transactional_db, two):
        build, first, second = FORMS[label]
        row = build(Maker())
        if isinstance(row, Campaign):
            preflight.check(row)
        url = page_of(label, row)
        data = [sent(two[0].get(url), **changed(first)), sent(two[1].get(url), **changed(second))]
        gate, answers = threading.Barrier(2), {}

        def save(number):
            try:
                gate.wait(10)
                answers[number] = two[number].post(url, data[number]).status_code
            finally:
                connections.close_all()

        threads = [threading.Thread(target=save, args=[number]) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(answers.values()) == [200, 302]
        winner = first if answers[0] == 302 else second
        loser = second if answers[0] == 302 else first
        shown = sent(two[0].get(url))
        assert shown.get(winner[0]) == [winner[1]]
        assert shown.get(loser[0]) != [loser[1]]
        assert connection.vendor in ("sqlite", "postgresql")
