"""Several cells of the matrix are ticked and submitted in one go."""

from typing import Any

import pytest

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.models import TemplateReview, VendorAccount
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template
from tests.builders import TEXT, House
from tests.markup import Page, read
from tests.messaging.admin.conftest import Office
from tests.messaging.admin.test_reviews import MATRIX, ends_in, url
from tests.people import signed_in, token_on

CELLS = url("submit_cells")


def cells(*pairs: tuple[TemplateVersion, VendorAccount]) -> str:
    named = "&".join(f"cell={version.pk}-{account.pk}" for version, account in pairs)
    return f"{CELLS}?{named}"


def boxes(html: str) -> set[str]:
    return {part.split('"')[0] for part in html.split('name="cell" value="')[1:]}


class Two:
    """Two versions that nobody submitted yet, two accounts that would take them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.main, self.spare = house.account, house.make_account("5G-备用")
        self.one = create_template("新品", "marketing", TEXT, {}, None)
        self.two = create_template("节日", "marketing", TEXT, {}, None)
        self.client = signed_in(roles.MARKETING)
        self.address = cells((self.one, self.main), (self.one, self.spare), (self.two, self.spare))

    def field(self, version: TemplateVersion, account: VendorAccount, name: str = "chosen") -> str:
        return f"version-{version.pk}-account-{account.pk}-{name}"

    def values(self, **more: Any) -> dict[str, Any]:
        """All three ticked, with a signature each, and a token."""
        signatures = {f"version-{one.pk}-signature": self.house.signature.pk for one in (self.one, self.two)}
        pairs = ((self.one, self.main), (self.one, self.spare), (self.two, self.spare))
        ticks = {self.field(*pair): "on" for pair in pairs}
        return {**signatures, **ticks, "token": token_on(self.client, self.address), **more}

    def page(self) -> Page:
        return read(self.client.get(self.address))


@pytest.fixture
def two(house: House) -> Two:
    return Two(house)


def submitted() -> list[tuple[str, str, str]]:
    rows = TemplateReview.objects.exclude(version__template__name="双十一")
    names = rows.order_by("pk").values_list("version__template__name", "account__name", "status")
    return [(name, account, status) for name, account, status in names]


def test_a_cell_has_a_box_where_a_submission_would_be_taken(office: Office) -> None:
    html = signed_in(roles.MARKETING).get(MATRIX).content.decode()
    assert f"{office.version.pk}-{office.account.pk}" not in boxes(html)
    assert boxes(html)
    TemplateReview.objects.update(status="rejected")
    assert f"{office.version.pk}-{office.account.pk}" in boxes(signed_in(roles.MARKETING).get(MATRIX).content.decode())
    TemplateReview.objects.update(status="approved")
    ends_in(office.review, days=1)
    html = signed_in(roles.MARKETING).get(MATRIX).content.decode()
    assert f"{office.version.pk}-{office.account.pk}" in boxes(html)
    assert f'action="{CELLS}"' in html
    assert read(signed_in(roles.MARKETING).get(MATRIX)).refused == []


def test_who_may_not_submit_has_no_box_and_is_refused(two: Two) -> None:
    for role in (roles.CAMPAIGNS, roles.SUPPORT):
        client = signed_in(role)
        answer = client.get(MATRIX)
        assert boxes(answer.content.decode()) == set()
        assert CELLS not in answer.content.decode()
        assert client.get(two.address).status_code == 403
        assert client.post(two.address, two.values()).status_code == 403
    assert submitted() == []


def test_several_versions_go_to_several_accounts_with_one_press(two: Two, run_queue: Any) -> None:
    page = two.page()
    assert all("checked" in page.inputs[name] for name in two.values() if name.endswith("chosen"))
    assert two.field(two.two, two.main) not in page.inputs
    values = two.values()
    assert submitted() == []
    answer = two.client.post(two.address, values, follow=True)
    assert answer.redirect_chain[0][0] == MATRIX
    assert "新品 第 1 版 · 5G-备用 · 消息本身: 送审中" in read(answer).text
    run_queue()
    assert [row[:2] for row in submitted()] == [("新品", "5G-主账号"), ("新品", "5G-备用"), ("节日", "5G-备用")]
    assert all(version.is_frozen for version in TemplateVersion.objects.filter(pk__in=(two.one.pk, two.two.pk)))
    acts = AuditEvent.objects.filter(action="review.submitted", actor__username=roles.MARKETING)
    assert acts.count() == 3
    again = read(two.client.post(two.address, values))
    assert again.text.count("已有：审核中") == 3
    assert "至少选一个账号" not in again.text
    assert len(submitted()) == 3


def test_what_is_unticked_on_the_form_stays_as_it_is(two: Two) -> None:
    values = two.values()
    del values[two.field(two.one, two.main)]
    del values[two.field(two.two, two.spare)]
    # The version of which nothing is ticked asks for nothing.
    del values[f"version-{two.two.pk}-signature"]
    two.client.post(two.address, values)
    assert [row[:2] for row in submitted()] == [("新品", "5G-备用")]
    two.two.refresh_from_db()
    assert not two.two.is_frozen


def test_the_cells_of_one_version_lead_to_its_own_form_with_their_accounts_ticked(two: Two) -> None:
    answer = two.client.get(cells((two.one, two.spare), (two.one, two.main)))
    assert answer["Location"] == f"{url('submit', two.one.pk)}?account={two.main.pk}&account={two.spare.pk}"
    page = read(two.client.get(answer["Location"]))
    assert all("checked" in page.inputs[f"account-{one.pk}-chosen"] for one in (two.main, two.spare))


def test_nothing_ticked_or_nonsense_goes_back_with_a_sentence(two: Two) -> None:
    for query in ("", "?cell=", "?cell=x-y", "?cell=1", f"?cell={two.one.pk}-0", f"?cell=-{two.main.pk}", "?cell=²-³"):
        answer = two.client.get(CELLS + query, follow=True)
        assert answer.redirect_chain[0][0] == MATRIX
        assert "请至少勾选一格" in read(answer).text
    assert "至少选一个账号" in read(two.client.post(two.address, {})).text
    assert submitted() == []


def test_one_that_is_not_ready_is_named_and_keeps_the_others_from_nothing(two: Two) -> None:
    TemplateVersion.objects.filter(pk=two.two.pk).update(fallback={"sms": {"text": "会员日满300减50"}})
    page = two.page()
    assert "还不能送审" in page.text or "拒收请回复R" in page.text
    assert two.field(two.two, two.spare) not in page.inputs
    values = two.values()
    # Ticked all the same, as if it had become unready while the form was open: nothing goes, and the form says why.
    answer = two.client.post(two.address, values)
    assert answer.status_code == 200
    assert submitted() == []
    del values[two.field(two.two, two.spare)]
    assert two.client.post(two.address, values).status_code == 302
    assert [row[:2] for row in submitted()] == [("新品", "5G-主账号"), ("新品", "5G-备用")]


def test_a_missing_signature_stops_all_and_is_shown_at_its_version(two: Two) -> None:
    values = two.values()
    values[f"version-{two.one.pk}-signature"] = ""
    answer = two.client.post(two.address, values)
    assert answer.status_code == 200
    assert answer.content.decode().count('class="errorlist"') == 1
    assert submitted() == []


def test_what_a_colleague_submitted_meanwhile_is_said(two: Two) -> None:
    values = two.values()
    TemplateReview.objects.create(version=two.one, account=two.main, status="waiting")
    answer = two.client.post(two.address, values, follow=True)
    assert "新品 第 1 版 · 5G-主账号: 已有：审核中" in read(answer).text
    assert [row[:2] for row in submitted()][1:] == [("新品", "5G-备用"), ("节日", "5G-备用")]


def test_a_token_of_other_versions_is_none(two: Two) -> None:
    other = token_on(two.client, url("submit", two.one.pk))
    answer = two.client.post(two.address, two.values(token=other), follow=True)
    assert "页面打开以后情况有变化，这次没有做任何操作" in read(answer).text
    assert submitted() == []
