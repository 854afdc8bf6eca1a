"""The version's page and the editor's endpoints over HTTP: by role, by hand-made requests, without JavaScript."""

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
import time_machine
from django.utils import timezone

from campaigns.models import AuditEvent
from templates_5g import hooks, services
from templates_5g.blocks import Problem
from templates_5g.errors import InvalidContent
from templates_5g.models import MessageTemplate, TemplateVersion
from tests.forms import saved
from tests.templates_5g.conftest import SMS, TEXT

pytestmark = pytest.mark.django_db


def address(name, version):
    tail = {"change": "change"}.get(name, name)
    return f"/admin/templates_5g/templateversion/{version.pk}/{tail}/"


def post(client, name, version, data):
    return client.post(address(name, version), json.dumps(data), content_type="application/json")


def draft(text, edited=0, **more):
    return {"content": {**TEXT, "text": text}, "fallback": SMS, "edited": edited, **more}


def stored(version):
    return TemplateVersion.objects.get(pk=version.pk)


class Page(HTMLParser):
    """The editor's JSON, and every attribute that a strict CSP would refuse."""

    def __init__(self, response):
        super().__init__()
        self.config, self.bad, self._inside = "", [], False
        self.feed(response.content.decode())

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.bad += [name for name in names if name == "style" or name.startswith("on")]
        if tag == "script" and "src" not in names and names.get("type") != "application/json":
            self.bad.append("inline script")
        self._inside = names.get("id") == "editor-config"

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.config += data


@pytest.fixture
def mei(client, marketer):
    client.force_login(marketer)
    return client


def test_the_page_hands_the_editor_all_it_needs(mei, version):
    response = mei.get(address("change", version))
    page = Page(response)
    config = json.loads(page.config)
    assert (response.status_code, page.bad) == (200, [])
    assert config["version"]["number"] == 1
    assert (config["version"]["edited"], config["version"]["frozen"], config["readonly"]) == (0, False, False)
    assert config["limits"]["card.title"] == {
        "unit": "chars", "least": 0, "most": 200, "warn": 150, "warn_unit": "bytes", "hint": None,
    }  # fmt: skip
    assert config["limits"]["sms"] == {"single": 70, "part": 67}
    assert config["urls"]["save"] == address("save", version)
    assert [item["value"] for item in config["suggestion_kinds"]][:2] == ["reply", "open_url"]
    assert config["variables"] == ["姓名"]
    assert [(item["path"], item["rule"]) for item in config["problems"]] == [
        ("fallback.sms.text", "variables.promotional")
    ]
    assert json.loads(response.context["form"].initial["content"]) == TEXT


def test_what_higher_apps_know_is_shown(mei, version, fill_hook):
    fill_hook("prices", lambda: [hooks.Price("甲", "sms", Decimal("0.045")), hooks.Price("乙", "sms", Decimal("0.05"))])
    fill_hook("senders", lambda: [hooks.Sender("商城", "示例商城", verified=True)])
    fill_hook("audiences", lambda user: [hooks.AudienceChoice(7, "会员", ("姓名", "门店"))])
    fill_hook(
        "refusals", lambda template: [hooks.Refusal(1, "5G-主账号", datetime(2026, 11, 20, tzinfo=UTC), "缺少退订")]
    )
    fill_hook("review_cells", lambda ids: {ids[0]: [hooks.ReviewCell("5G-主账号", "未通过", "problem")]})
    fill_hook("campaigns_using", lambda ids: {ids[0]: [hooks.Use("双十一", "/admin/x/", "已完成")]})
    fill_hook("version_actions", lambda version, user: [hooks.Action("送审", "/admin/submit/", primary=True)])
    response = mei.get(address("change", version))
    config = json.loads(Page(response).config)
    assert config["prices"] == {"sms": "0.0500"}
    assert config["sender"] == {"name": "商城", "signature": "示例商城", "logo": "", "verified": True}
    assert config["audiences"] == [{"id": 7, "name": "会员"}]
    assert config["variables"] == ["姓名", "门店"]
    refusal = config["refusals"][0]
    assert (refusal["message"], refusal["rule"]) == ("缺少退订", "optout.missing")
    assert "What to change: End the SMS" in response.content.decode()
    html = response.content.decode()
    assert all(text in html for text in ("缺少退订", "未通过", "双十一", 'value="primary">送审'))


def test_without_javascript_the_content_is_read_and_its_problems_named(mei, marketer):
    version = services.start_template("空", "notice", "card", marketer)
    html = mei.get(address("change", version)).content.decode()
    assert "A card needs a picture, a title or a description." in html


def test_posting_without_javascript_saves(mei, version):
    data = {
        "content": json.dumps({**TEXT, "text": "新"}),
        "fallback": json.dumps(SMS),
        "edited": "0",
        "purpose": "notice",  # changed on the page of name and purpose alone
    }
    response = mei.post(address("change", version), data)
    assert response.status_code == 302
    assert stored(version).content["text"] == "新"
    assert stored(version).template.purpose == "marketing"


@pytest.mark.parametrize(("text", "goes_on"), [("满300减50，拒收请回复R", True), ("满300减50", False), ("", False)])
def test_the_primary_button_saves_and_goes_on_only_when_nothing_hard_is_left(mei, version, fill_hook, text, goes_on):
    fill_hook("version_actions", lambda version, user: [hooks.Action("送审", f"/submit/{version.pk}/", primary=True)])
    fallback = json.dumps({"sms": {"text": text}})
    data = {"content": json.dumps(TEXT), "fallback": fallback, "edited": "0", "_then": "primary"}
    response = mei.post(address("change", version), data)
    assert response.url == (f"/submit/{version.pk}/" if goes_on else address("change", version))
    assert stored(version).fallback["sms"]["text"] == text
    assert ("not ready for review" in mei.get(address("change", version)).content.decode()) is not goes_on


@pytest.mark.parametrize(
    ("content", "edited", "sentence"),
    [
        ("{", "0", "not valid JSON"),
        ('{"kind": "fax"}', "0", "is not a kind of message"),
        ('{"kind": "text", "text": "a", "x": 1}', "0", "is not known here"),
        (json.dumps(TEXT), "5", "load the page again"),
        ("[" * 100_000, "0", "not valid JSON"),
        (json.dumps(TEXT), "x", "whole number"),
    ],
)
def test_a_posted_mistake_is_named_and_nothing_is_stored(mei, version, content, edited, sentence):
    response = mei.post(address("change", version), {"content": content, "fallback": "{}", "edited": edited})
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert (stored(version).content, stored(version).edited) == (TEXT, 0)


def test_a_form_over_a_colleague_s_text_says_the_day_too(mei, version, looker):
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        services.save_draft(version, draft("同事"), 0, looker)
    content = json.dumps(draft("我")["content"])
    page = mei.post(address("change", version), {"content": content, "fallback": "{}", "edited": "0"}).content.decode()
    at = timezone.localtime(stored(version).updated_at).strftime("%H:%M")
    assert f"lan saved yesterday {at}; load the page again to see it." in page


def test_check_says_what_stands_against_it_and_stores_nothing(mei, version):
    content = {"kind": "text", "text": "价格${价格}${名}"}
    response = post(
        mei, "check", version, {"content": content, "fallback": {"sms": {"text": "好"}}, "purpose": "marketing"}
    )
    answer = response.json()
    assert response.status_code == 200
    assert [(item["path"], item["rule"], item["severity"]) for item in answer["problems"]] == [
        ("fallback.sms.text", "optout.missing", "error"),
        ("text", "variables.adjacent", "warning"),
    ]
    assert answer["problems"][0]["fix"] == {
        "path": "fallback.sms.text", "value": "好，拒收请回复R", "label": "End with 拒收请回复R",
    }  # fmt: skip
    assert answer["variables"] == ["价格", "名"]
    assert answer["fallback_preview"]["sms"] == {"text": "好", "length": 1, "segments": 1}
    assert stored(version).content == TEXT


def test_the_vendors_own_limits_are_named_with_their_account(mei, version, fill_hook):
    problem = Problem("text", "vendor.length", "At most %(most)s.", {"most": 5})
    fill_hook("account_problems", lambda content, fallback, purpose: [hooks.AccountProblems("5G-主账号", [problem])])
    answer = post(mei, "check", version, draft("好")).json()
    found = [item for item in answer["problems"] if item["vendor"]]
    assert [(item["vendor"], item["message"], item["rule"]) for item in found] == [
        ("5G-主账号", "At most 5.", "vendor.length")
    ]


def test_lengths_are_checked_with_the_rows_that_the_browser_shows(mei, version):
    data = {"content": {"kind": "sms", "text": "字" * 492 + "${姓名}"}, "fallback": {}, "purpose": "notice"}
    answers = [
        [item["message"] for item in post(mei, "check", version, {**data, "row_lengths": lengths}).json()["problems"]]
        for lengths in (None, [], {"姓名": "x"}, {"姓名": 8}, {"姓名": 9})
    ]
    grown = ["With long values this grows to 501 characters; the limit is 500."]
    assert answers == [[], [], [], [], grown]


def test_save_answers_with_the_new_count(mei, version, marketer):
    answer = post(mei, "save", version, draft("新")).json()
    assert (answer["edited"], answer["version"]["number"], "redirect" in answer) == (1, 1, False)
    assert stored(version).content["text"] == "新"
    assert answer["saved_at"] == stored(version).updated_at.isoformat()
    assert post(mei, "save", version, draft("更新", 1)).json()["edited"] == 2


def test_saving_over_a_colleague_is_a_conflict_with_theirs(mei, version, looker):
    services.save_draft(version, draft("同事"), 0, looker)
    response = post(mei, "save", version, draft("我"))
    answer = response.json()
    assert response.status_code == 409
    assert (answer["who"], answer["theirs"]["content"]["text"], answer["theirs"]["edited"]) == ("lan", "同事", 1)
    assert answer["at"] == stored(version).updated_at.isoformat()
    assert stored(version).content["text"] == "同事"
    assert post(mei, "save", version, draft("我", answer["edited"])).status_code == 200


def test_saving_a_locked_version_by_hand_leads_to_the_next_one(mei, version):
    services.freeze(version)
    answer = post(mei, "save", version, draft("新")).json()
    second = TemplateVersion.objects.get(number=2)
    assert answer["redirect"] == address("change", second)
    assert stored(version).content == TEXT
    html = mei.post(address("change", version), {"content": json.dumps(TEXT), "fallback": "{}", "edited": "0"})
    assert html.status_code == 400
    assert stored(version).content == TEXT
    page = mei.get(address("change", version))
    assert json.loads(Page(page).config)["readonly"]
    assert "version 2 is being edited" in page.content.decode()


def test_saving_the_content_never_changes_the_purpose(mei, version):
    """An editor that has stood open since a colleague changed it would set it back."""
    assert post(mei, "save", version, draft("新", purpose="notice")).status_code == 200
    assert stored(version).template.purpose == "marketing"


def test_marketing_becomes_a_notice_with_a_reason_alone(mei, version):
    given = {"name": "会员日", "purpose": "notice", "note": "", "reason": "  "}
    answer = saved(mei, address("settings", version), given)
    assert (answer.status_code, "reason why" in answer.content.decode()) == (200, True)
    assert stored(version).template.purpose == "marketing"
    assert not AuditEvent.objects.filter(action="template.purpose_changed").exists()
    assert saved(mei, address("settings", version), {**given, "reason": "只发取货码"}).status_code == 302
    assert stored(version).template.purpose == "notice"
    event = AuditEvent.objects.get(action="template.purpose_changed")
    assert event.detail == {"purpose": ["marketing", "notice"], "reason": "只发取货码"}
    assert event.actor is not None
    back = {**given, "purpose": "marketing"}
    assert saved(mei, address("settings", version), back).status_code == 302  # the other way round is stricter
    assert stored(version).template.purpose == "marketing"


@pytest.mark.parametrize("body", ["", "[]", "{", "1", '{"content": NaN}', "[" * 50_000, '"' + "x" * 2_000_000 + '"'])
def test_bodies_that_are_no_message_get_a_sentence(mei, version, body):
    for name in ("check", "save"):
        response = mei.post(address(name, version), body, content_type="application/json")
        assert (response.status_code, list(response.json())) == (400, ["message"])
    assert stored(version).edited == 0


@pytest.mark.parametrize(
    "content",
    [None, 5, [], {}, {"kind": None}, {"kind": {}}, {"kind": "carousel", "cards": {}}, {"kind": "card", "card": 3}],
)
def test_content_of_a_wrong_shape_is_named_not_stored(mei, version, content):
    assert post(mei, "check", version, {"content": content, "fallback": 7}).json()["problems"]
    response = post(mei, "save", version, {"content": content, "fallback": {}, "edited": 0})
    assert (response.status_code, bool(response.json()["problems"])) == (400, True)
    assert stored(version).content == TEXT


def test_who_may_only_look_changes_nothing(client, looker, version):
    client.force_login(looker)
    page = client.get(address("change", version))
    config = json.loads(Page(page).config)
    assert (page.status_code, config["readonly"]) == (200, True)
    assert post(client, "check", version, draft("x")).status_code == 200
    for name in ("save", "copy", "settings", "archive", "delete_draft"):
        url = address(name.replace("_", "-"), version)
        assert client.post(url, json.dumps(draft("x")), content_type="application/json").status_code == 403
    assert client.post(address("change", version), {"content": "{}", "edited": "0"}).status_code == 403
    assert client.get("/admin/templates_5g/messagetemplate/add/").status_code == 403
    assert (stored(version).content, stored(version).edited) == (TEXT, 0)
    assert MessageTemplate.objects.get().archived_at is None


def test_a_stranger_sees_nothing(client, stranger, version):
    client.force_login(stranger)
    for name in ("change", "compare", "copy"):
        assert client.get(address(name, version)).status_code == 403
    assert post(client, "check", version, draft("x")).status_code == 403
    assert client.get("/admin/templates_5g/templateversion/sample-rows/").status_code == 403
    assert client.get("/admin/templates_5g/messagetemplate/").status_code == 403
    assert client.get(f"/admin/templates_5g/messagetemplate/{version.template_id}/change/").status_code == 403


def test_signed_out_people_are_sent_to_the_login(client, version):
    assert client.get(address("change", version)).status_code == 302
    assert post(client, "save", version, draft("x")).status_code == 302
    assert stored(version).content == TEXT


def test_requests_without_the_token_are_refused(marketer, version):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(marketer)
    assert post(client, "save", version, draft("x")).status_code == 403
    token = client.get("/admin/session/", headers={"Accept": "application/json"}).json()["csrf"]
    url, body = address("save", version), json.dumps(draft("x"))
    response = client.post(url, body, content_type="application/json", headers={"X-CSRFToken": token})
    assert response.status_code == 200


def test_endpoints_take_posts_alone(mei, version):
    assert mei.get(address("save", version)).status_code == 405
    assert mei.get(address("check", version)).status_code == 405
    assert mei.get(address("archive", version)).status_code == 405
    assert MessageTemplate.objects.get().archived_at is None


def test_sample_rows_come_from_the_hook(mei, fill_hook):
    rows = hooks.SampleRows(["姓名"], [{"姓名": "王女士"}])
    fill_hook("sample_rows", lambda audience, user, most: rows if (audience, most) == (7, 50) else hooks.SampleRows())
    url = "/admin/templates_5g/templateversion/sample-rows/"
    assert mei.get(url, {"audience": "7"}).json() == {"columns": ["姓名"], "rows": [{"姓名": "王女士"}]}
    assert mei.get(url, {"audience": "x"}).json() == {"columns": [], "rows": []}


def test_a_new_template_leads_to_its_editor(mei):
    response = mei.post(
        "/admin/templates_5g/messagetemplate/add/", {"name": "新品", "purpose": "notice", "kind": "carousel"}
    )
    version = TemplateVersion.objects.get()
    assert (response.status_code, response.url) == (302, address("change", version))
    assert (version.kind, version.template.purpose) == ("carousel", "notice")
    again = mei.post("/admin/templates_5g/messagetemplate/add/", {"name": "新品", "purpose": "notice", "kind": "text"})
    assert "There is a template called" in again.content.decode()


def test_copy_settings_archive_and_delete(mei, version):
    response = mei.post(address("copy", version), {"name": "副本"})
    twin = TemplateVersion.objects.get(template__name="副本")
    assert response.url == address("change", twin)
    saved(mei, address("settings", version), {"name": "新名", "purpose": "notice", "note": "备注", "reason": "取货码"})
    template = MessageTemplate.objects.get(pk=version.template_id)
    assert (template.name, template.purpose, template.note) == ("新名", "notice", "备注")
    mei.post(address("archive", version))
    assert MessageTemplate.objects.get(pk=template.pk).archived_at
    assert "archived" in mei.get(address("change", version)).content.decode()
    mei.post(address("archive", version), {"restore": "1"})
    assert MessageTemplate.objects.get(pk=template.pk).archived_at is None
    assert mei.get(address("delete-draft", twin)).status_code == 200
    assert TemplateVersion.objects.filter(pk=twin.pk).exists()
    mei.post(address("delete-draft", twin))
    assert not TemplateVersion.objects.filter(pk=twin.pk).exists()


def test_two_versions_are_compared_letter_by_letter(mei, version, marketer):
    services.freeze(version)
    second = services.save_draft(version, draft("您好，<b>${姓名}"), 0, marketer)
    html = mei.get(address("compare", second)).content.decode()
    assert "<ins>&lt;b&gt;</ins>" in html
    assert Page(mei.get(address("compare", second))).bad == []
    same = mei.get(address("compare", second), {"with": "2"}).content.decode()
    assert "Both versions say the same." in same


def test_the_list_costs_the_same_for_one_template_and_for_twenty(mei, marketer, version, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    url = "/admin/templates_5g/messagetemplate/"
    mei.get(url)
    with CaptureQueriesContext(connection) as few:
        response = mei.get(url)
    assert "会员日" in response.content.decode()
    for number in range(20):
        services.start_template(f"模板{number}", "notice", "text", marketer)
    with django_assert_num_queries(len(few)):
        response = mei.get(url)
    assert response.content.decode().count("Version 1, draft") == 21
    assert Page(response).bad == []


def test_the_list_is_filtered_by_kind_and_archived(mei, marketer, version):
    other = services.start_template("归档的", "notice", "sms", marketer)
    services.archive(other.template, marketer)
    url = "/admin/templates_5g/messagetemplate/"
    assert "归档的" not in mei.get(url).content.decode()
    assert "归档的" in mei.get(url, {"archived": "1"}).content.decode()
    assert "会员日" not in mei.get(url, {"kind": "card"}).content.decode()
    assert "会员日" in mei.get(url, {"kind": "text"}).content.decode()


def test_opening_a_template_leads_to_its_newest_version(mei, version, marketer):
    services.freeze(version)
    second = services.save_draft(version, draft("新"), 0, marketer)
    response = mei.get(f"/admin/templates_5g/messagetemplate/{version.template_id}/change/")
    assert response.url == address("change", second)
    for odd in ("999", "x", "²"):
        assert mei.get(f"/admin/templates_5g/messagetemplate/{odd}/change/").status_code == 404
        assert mei.get(f"/admin/templates_5g/templateversion/{odd}/change/").status_code == 404


def test_campaigns_and_reviews_of_earlier_versions_stay_in_sight(mei, version, marketer, fill_hook):
    services.freeze(version)
    draft_of = services.save_draft(version, draft("新"), 0, marketer)
    cell = hooks.ReviewCell("5G", "passed", "good")
    fill_hook("review_cells", lambda ids: {version.pk: [cell]} if version.pk in ids else {})
    fill_hook(
        "campaigns_using", lambda ids: {version.pk: [hooks.Use("November", "/c/1/")]} if version.pk in ids else {}
    )
    listed = " ".join(mei.get("/admin/templates_5g/messagetemplate/").content.decode().split())
    assert '<span class="quiet">Version 1</span>' in listed
    assert "5G passed" in listed
    assert '<a href="/c/1/">November</a>' in listed
    page = " ".join(mei.get(address("change", draft_of)).content.decode().split())
    assert 'Version 1 · <a href="/c/1/">November</a>' in page


def test_an_archived_template_offers_to_be_restored_and_nothing_else(mei, version, marketer, fill_hook):
    fill_hook("version_actions", lambda _version, _user: [hooks.Action("Submit", "/submit/", primary=True)])
    services.archive(version.template, marketer)
    page = mei.get(address("change", version)).content.decode()
    assert "/submit/" not in page
    assert page.count("Restore template") == 2


MANY = {
    "variables": {**TEXT, "text": "".join(f"${{v{n}}}" for n in range(100_000))},
    "one variable often": {**TEXT, "text": "${a}" * 200_000},
    "commas": {**TEXT, "text": "，" * 150_000 + "x"},
    "chips": {**TEXT, "suggestions": [{"kind": "reply", "label": "a", "data": "d"}] * 15_000},
    "cards": {"kind": "carousel", "cards": [{"title": "x"}] * 30_000, "suggestions": []},
    "keys": {**TEXT, **{f"key{n}": n for n in range(50_000)}},
    "styles": {"kind": "card", "card": {}, "title_style": ["x"] * 100_000},
}


@pytest.mark.parametrize("name", MANY)
def test_a_monstrous_message_is_looked_at_quickly(mei, version, name):
    data = {"content": MANY[name], "fallback": {"sms": {"text": "，" * 1_000 + "x"}}, "row_lengths": {"a": 500}}
    began = time.process_time()
    response = post(mei, "check", version, data)
    assert response.status_code == 200
    assert time.process_time() - began < 2
    assert len(response.json()["variables"]) <= 200
    assert len(response.json()["problems"]) < 400
    assert response.json()["problems"]


def test_more_variables_than_a_file_has_columns_are_refused(mei, version):
    for count, refused in ((200, False), (201, True)):
        text = "，".join(f"${{v{n}}}" for n in range(count))
        problems = post(mei, "check", version, {**draft(text), "fallback": {}}).json()["problems"]
        assert ("variables.many" in {one["rule"] for one in problems}) is refused
    assert post(mei, "save", version, draft(text)).status_code == 200  # unfinished, and kept
    with pytest.raises(InvalidContent):
        services.freeze(stored(version))


def test_a_list_of_more_than_a_hundred_is_refused_and_named(mei, version):
    chips = [{"kind": "reply", "label": str(n), "data": str(n)} for n in range(101)]
    data = {"content": {**TEXT, "suggestions": chips}, "fallback": {}, "edited": 0}
    response = post(mei, "save", version, data)
    assert response.status_code == 400
    problems = response.json()["problems"]
    assert [(one["path"], one["rule"]) for one in problems] == [("suggestions", "many")]
    assert "100" in problems[0]["message"]
