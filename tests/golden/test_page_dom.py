"""The DOM of every page: nothing that a person sees or a script reads may change when code moves or templates are formatted anew.

After a change that is meant: `pytest tests/golden/test_page_dom.py --write-golden`, and read the difference. A page that the walk
of tests/access knows and that is not here fails; so does a file here whose page is gone."""

import difflib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client

from tests.access import walk
from tests.golden.conftest import FOLDER, Golden
from tests.golden.dom import Node, printed, read
from tests.golden.scene import ADMINISTRATORS, CAMPAIGNS, MARKETING, SUPPORT, VIP, Scene
from tests.golden.stable import Names, recognisable_ids, rows_of_migrations_anew, standing_clock
from tests.people import person, signed_in

# One process makes the scene, for all of them.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("page-dom")]
# What is another one each time, by the name of its field or attribute.
BY_CHANCE = {"csrfmiddlewaretoken", "token", "_loaded", "data-csrf", "permissions", "user_permissions"}
CHANCE = {
    "token": r"\bsd_[\w-]{6}…|(?<=/)[\w-]{32}(?=/)",
    "fingerprint": r"(?<=文件指纹：)[0-9a-f]{12}",
    "sealed": r"(?<![\w-])(?=[\w=-]*[A-Z])(?=[\w=-]*[a-z])(?=[\w=-]*[0-9])[\w=-]{48,}(?![\w-])",
}
ROLES = {"marketing": MARKETING, "campaigns": CAMPAIGNS, "support": SUPPORT, "administrators": ADMINISTRATORS}


@pytest.fixture
def scene(db: None, sandbox: Any, run_queue: Any, settings: Any, tmp_path: Path) -> Iterator[Scene]:
    settings.MEDIA_ROOT = tmp_path / "media"
    # Every refusal is logged with its way through Django, which costs as much as the page.
    logging.disable(logging.CRITICAL)
    with standing_clock() as clock:
        recognisable_ids()
        rows_of_migrations_anew()
        yield Scene(sandbox, run_queue, clock)
    logging.disable(logging.NOTSET)


# --- what a page is -----------------------------------------------------------------------------------------------------


def tree(html: str) -> Node:
    """The page, without what chance gives."""
    root = read(html)
    for node in root.walk():
        given = node.attributes
        if given.get("name") in BY_CHANCE:
            given["value"] = "…"
        for name in BY_CHANCE & set(given):
            given[name] = "…"
    body = root.find("body")
    if body is not None and "delete" in (body.attributes.get("class") or ""):
        _sort_lists(root.find("main") or root)  # what stands in the way of a deletion has no order
    return root


def _sort_lists(within: Node) -> None:
    for node in within.walk():
        if node.tag == "ul":
            node.children.sort(key=lambda child: printed(child) if isinstance(child, Node) else child)


def text_of(lines: list[str]) -> str:
    return Names(**CHANCE).in_text("\n".join(lines)) + "\n"


class Frame:
    """What all pages of one person share: the head, the header, the menu. A page that has it is kept without it."""

    def __init__(self, html: str) -> None:
        self.lines, _own = self._parts(tree(html))
        self.head = self.lines[: self.lines.index(next(line for line in self.lines if line.startswith("  <body")))]

    def cut(self, html: str) -> list[str]:
        """The lines of a page that are its own; all of them where its frame is another."""
        root = tree(html)
        if root.find("main", id="content-start") is None:
            return printed(root)
        whole = printed(root)
        frame, own = self._parts(root, self.head)
        return own if frame == self.lines else whole

    @staticmethod
    def _parts(root: Node, shared: list[str] | None = None) -> tuple[list[str], list[str]]:
        """(frame, own lines). Of the head, what is not in `shared` is the page's own."""
        main, head, body = root.find("main", id="content-start"), root.find("head"), root.find("body")
        assert main is not None and head is not None and body is not None  # noqa: PT018
        own = [f"<html {body.attributes.pop('class', '')}>".replace(" >", ">")]
        own += [line for child in _taken(head, shared) for line in printed(child)]
        for node in root.walk():
            if node.tag == "input" and node.attributes.get("name") == "next":
                node.attributes["value"] = "…"
            if "menu-item" in (node.attributes.get("class") or "").split() and "aria-current" in node.attributes:
                own.append(f"  menu: {node.attributes['href']} {node.attributes.pop('aria-current')}")
        inner, main.children = main.children, []
        frame = printed(root)
        main.children = inner
        return frame, [*own, *printed(main)]


def _taken(head: Node, shared: list[str] | None) -> list[Node]:
    """Takes out of the head what is a page's own."""
    own = [child for child in head.children if isinstance(child, Node) and _is_own(child, shared)]
    head.children = [child for child in head.children if child not in own]
    return own


def _is_own(child: Node, shared: list[str] | None) -> bool:
    return child.tag == "title" or (shared is not None and f"    {printed(child)[0]}" not in shared)


# --- which pages there are ------------------------------------------------------------------------------------------------


class Pages:
    """Every page by the name of its file, and what every other address answers."""

    def __init__(self, scene: Scene, client: Client) -> None:
        self.scene, self.client = scene, client
        self.frame = Frame(client.get("/admin/").content.decode())
        self.texts: dict[str, str] = {"frame": text_of(self.frame.lines)}
        self.answers: dict[str, str] = {}

    def get(self, name: str, url: str, client: Client | None = None) -> None:
        self._keep(name, self._undone(client or self.client, "get", url))

    def post(self, name: str, url: str, data: Any = None, client: Client | None = None) -> None:
        self._keep(name, self._undone(client or self.client, "post", url, data or {"sent": "1"}))

    @staticmethod
    def _undone(client: Client, method: str, url: str, *data: Any) -> Any:
        """A page does not see what another has stored."""
        with transaction.atomic():
            answer = getattr(client, method)(url, *data)
            answer.content if not answer.streaming else b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        return answer

    def _keep(self, name: str, answer: Any) -> None:
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        address = answer.headers.get("Location", "")
        is_page = kind == "text/html" and (answer.status_code == 200 or name.startswith("error."))
        self.answers[name] = Names(**CHANCE).in_text(f"{answer.status_code} {kind} {address}".strip())
        if is_page:
            assert name not in self.texts, name
            self.texts[name] = text_of(self.frame.cut(answer.content.decode()))

    def address(self, name: str, of: Any = None, query: str = "", **given: Any) -> str:
        """The address of this name, of a row or of the one that stands for its model."""
        (found,) = [one for one in walk.addresses() if one.name == f"admin:{name}"]
        if of is not None:
            given[next(one for one in found.parameters if one in ("pk", "id", "object_id", "version_id"))] = of.pk
        return walk.path(found, self.scene, **given) + query


def short(name: str) -> str:
    return name.removeprefix("admin:")


def walked(pages: Pages) -> None:
    """Every address that the walk knows, with the row that stands for its model."""
    for address in walk.addresses():
        if address.name.startswith("admin:") and short(address.name):
            pages.get(short(address.name), walk.path(address, pages.scene))


# Pages that look otherwise with another row: address -> names of the scene's rows.
ROWS = {
    "campaigns_campaign_change": "draft awaiting",
    "campaigns_campaign_check": "draft checked awaiting blocked scheduled",
    "campaigns_campaign_confirm": "checked blocked",
    "campaigns_campaign_progress": "done scheduled stopped paused cancelled",
    "campaigns_campaign_cancel": "scheduled",
    "campaigns_campaign_again": "done",
    "campaigns_approval_change": "refused",
    "messaging_templatereview_change": "waiting doubtful ending renewal",
    "messaging_templatereview_absent": "doubtful",
    "messaging_templatereview_withdraw": "ending",
    "messaging_templatereview_submit": "card notice",
    "messaging_templatereview_by_hand": "card",
    "messaging_dispatch_test": "card",
    "templates_5g_templateversion_change": "notice",
}


def with_other_rows(pages: Pages) -> None:
    scene = pages.scene
    for name, rows_of in ROWS.items():
        for row in rows_of.split():
            pages.get(f"{name}.{row}", pages.address(name, getattr(scene, row)))
    for account in scene.all("VendorAccount"):
        if account != scene.account:
            pages.get(
                f"messaging_vendoraccount_change.{account.vendor}",
                pages.address("messaging_vendoraccount_change", account),
            )
        pages.get(
            f"messaging_vendoraccount_add.{account.vendor}",
            f"/admin/messaging/vendoraccount/add/?vendor={account.vendor}",
        )
    for version in scene.drafts.values():
        name = "templates_5g_templateversion_change"
        pages.get(f"{name}.{version.kind}", pages.address(name, version))
    for model, name in (
        ("AudienceImport", "campaigns_audience_file"),
        ("SuppressionImport", "messaging_suppression_file"),
        ("RoleGrant", "campaigns_rolegrant_decide"),
    ):
        for state, row in {row.state: row for row in reversed(scene.all(model))}.items():
            pages.get(f"{name}.{state}", pages.address(name, row))


def with_queries(pages: Pages) -> None:
    scene = pages.scene
    matrix, inbox = "/admin/messaging/templatereview/matrix/", "/admin/messaging/reply/"
    for name, url in {
        "messaging_templatereview_matrix.trouble": f"{matrix}?show=trouble",
        "messaging_templatereview_matrix.planned": f"{matrix}?show=expiring&send_on=2026-11-26&audience={scene.vip.pk}",
        "messaging_reply_changelist.mine": f"{inbox}?box=mine",
        "messaging_reply_changelist.all": f"{inbox}?box=all",
        "messaging_reply_changelist.opt_out": f"{inbox}?box=opt_out",
        "messaging_suppression_changelist.lifted": "/admin/messaging/suppression/?live=no",
        "reports.month": "/admin/campaigns/dispatchfigures/?since=2026-11-01&until=2026-11-20&by=campaign",
        "reports.operator": "/admin/campaigns/dispatchfigures/?since=2026-11-01&until=2026-11-20&by=operator",
        "campaigns_campaign_again_confirm.done": pages.address(
            "campaigns_campaign_again_confirm", scene.done, "?group=failed"
        ),
        "campaigns_campaign_people.done": pages.address("campaigns_campaign_people", scene.done, group="suppressed"),
        "campaigns_campaign_people.checked": pages.address("campaigns_campaign_people", scene.checked, group="to_send"),
        "templates_5g_messagetemplate_changelist.archived": "/admin/templates_5g/messagetemplate/?archived=1",
        "templates_5g_mediaasset_changelist.nothing": "/admin/templates_5g/mediaasset/?q=没有",
        "campaigns_auditevent_changelist.nothing": "/admin/campaigns/auditevent/?q=没有",
        "messaging_vendoraccount_settle.poll": pages.address(
            "messaging_vendoraccount_settle", scene.emay, state_id=scene.poll.pk
        ),
    }.items():
        pages.get(name, url)
    sent = scene.any("Delivery", phone=VIP[0], dispatch=scene.done.dispatch)
    pages.get("phone_lookup_exchange.done", pages.address("phone_lookup_exchange", sent))
    for other in ("deliveries", "replies"):
        pages.get(f"phone_lookup_key.{other}", pages.address("phone_lookup_key", query=f"?kind={other}"))


def with_forms(pages: Pages) -> None:
    """Forms that come back, and questions that a form leads to."""
    for address in walk.addresses():
        name = short(address.name)
        if address.name.startswith("admin:") and (
            name.endswith(("_add", "_change", "_upload", "_import", "_submit", "_by_hand"))
        ):
            pages.post(f"{name}.sent-empty", walk.path(address, pages.scene))
    for name in (
        "phone_lookup",
        "stop_sending",
        "campaigns_apitoken_rotate",
        "messaging_suppression_lift",
    ):
        pages.post(f"{name}.sent-empty", pages.address(name))
    for name in ("messaging_dispatch_test_send", "messaging_reply_answer", "number_find", "number_evidence"):
        pages.post(f"{name}.sent-empty", pages.address(name))
    scene = pages.scene
    for model, row in (
        ("messaging/signature", scene.house.signature),
        ("campaigns/operatorprefix", scene.any("OperatorPrefix")),
    ):
        chosen = {"action": "delete_selected", "_selected_action": [row.pk]}
        pages.post(f"{model.replace('/', '_')}_changelist.delete", f"/admin/{model}/", chosen)
    pages.post("campaigns_campaign_resume.late", pages.address("campaigns_campaign_resume", scene.late))
    token = {"name": "新令牌", "scopes": ["lookup"], "per_minute": 60, "days": 90, "holder": person(ADMINISTRATORS).pk}
    pages.post("campaigns_apitoken_add.secret", "/admin/campaigns/apitoken/add/", token)
    chosen = {"batch": [scene.unknown.pk]}
    pages.post("unknown_decide_batches.sent", pages.address("unknown_decide_batches", how="sent"), chosen)


def with_errors(pages: Pages) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(person(CAMPAIGNS))
    stranger = Client()
    pages.get("error.404", "/admin/nowhere/")
    pages.get("error.404-row", "/admin/campaigns/campaign/77/progress/")
    pages.get("error.403", "/admin/messaging/vendoraccount/add/", signed_in(SUPPORT))
    pages.post("error.403-csrf", "/admin/campaigns/audience/add/", {"name": "写了一半"}, strict)
    pages.post("error.signed-out", "/admin/campaigns/audience/add/", {"name": "写了一半"}, stranger)
    pages.get("login", "/admin/login/?next=/admin/", stranger)
    pages.post("login.refused", "/admin/login/", {"username": "谁", "password": "错"}, stranger)
    for template in ("400.html", "500.html", "503.html", "admin/locked_out.html"):
        pages.texts[f"error.template-{Path(template).stem}"] = text_of(printed(tree(render_to_string(template))))


def with_trouble(pages: Pages) -> None:
    """What stands above every page while something is wrong, and the page that mends it."""
    scene = pages.scene
    scene.trouble()
    pages.get("index.trouble", "/admin/")
    hold = scene.any("FenceHold", decided_at=None)
    pages.get("fence.held", "/admin/messaging/fencehold/fence/")
    for act in ("imported", "notices", "end"):
        pages.get(f"fence_act.{act}", pages.address("fence_act", hold, act=act))
    chosen = {"dispatch": [scene.running.dispatch_id]}
    for act in ("listed", "let-go"):
        pages.post(f"fence_act.{act}", pages.address("fence_act", hold, act=act), chosen)
    pages.get("stop_sending.stopped", "/admin/messaging/sendingstop/switch/")


# --- the tests --------------------------------------------------------------------------------------------------------------


def compare(golden: Golden, pages: dict[str, Any], folder: str) -> None:
    """All files of a folder at once; names every page that differs, with the beginning of its difference."""
    found = []
    for name, text in pages[folder].items():
        path = FOLDER / folder / f"{name}.html"
        try:
            golden(f"{folder}/{name}.html", text)
        except AssertionError:
            old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            change = difflib.unified_diff(old, text.splitlines(), "kept", "now", lineterm="", n=2)
            found.append(f"{name}:\n" + "\n".join(list(change)[:20]))
    gone = {path.stem for path in (FOLDER / folder).glob("*.html")} - set(pages[folder])
    assert not found, f"{len(found)} pages differ\n\n" + "\n\n".join(found)
    assert not gone, f"files without a page: {sorted(gone)}"


_found: dict[str, Any] = {}


@pytest.fixture
def found(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Every page, by folder and name. Made once: the scene costs more than all of them."""
    if not _found:
        scene: Scene = request.getfixturevalue("scene")
        pages = Pages(scene, scene.root)
        for part in (walked, with_other_rows, with_queries, with_forms, with_errors):
            part(pages)
        _found.update({"dom/roles": of_roles(), "dom/english": in_english(scene)})
        with_trouble(pages)
        _found.update({"dom": pages.texts, "answers": pages.answers})
    return _found


def of_roles() -> dict[str, str]:
    clients = {name: signed_in(role) for name, role in ROLES.items()}
    clients |= {"nobody": signed_in(), "newcomer": signed_in(user=User.objects.get(username="新来的"))}
    texts = {}
    for name, client in clients.items():
        html = client.get("/admin/").content.decode()
        frame = Frame(html)
        texts |= {f"{name}.frame": text_of(frame.lines), f"{name}.workbench": text_of(frame.cut(html))}
    return texts


def in_english(scene: Scene) -> dict[str, str]:
    pages = Pages(scene, signed_in(superuser=True, language="en"))
    pages.get("index", "/admin/")
    pages.get("campaigns_campaign_check.checked", pages.address("campaigns_campaign_check", scene.checked))
    pages.get("phone_lookup_key", pages.address("phone_lookup_key"))
    pages.get("messaging_vendoraccount_change", pages.address("messaging_vendoraccount_change", scene.account))
    return pages.texts


def test_every_page_of_an_administrator(found: dict[str, Any], golden: Golden) -> None:
    compare(golden, found, "dom")
    golden("dom/answers.txt", "".join(f"{name}: {answer}\n" for name, answer in sorted(found["answers"].items())))
    known = {short(address.name) for address in walk.addresses() if address.name.startswith("admin:")} - {""}
    assert known <= set(found["answers"]), "pages without a golden file"


def test_the_workbench_and_the_menu_of_every_role(found: dict[str, Any], golden: Golden) -> None:
    compare(golden, found, "dom/roles")


def test_some_pages_in_english(found: dict[str, Any], golden: Golden) -> None:
    compare(golden, found, "dom/english")


def test_no_page_shows_a_number(found: dict[str, Any]) -> None:
    shown = [name for folder in ("dom", "dom/english") for name, text in found[folder].items() if VIP[0] in text]
    assert shown == []
