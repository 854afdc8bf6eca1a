"""The main job over real HTTP: a person imports a file, checks, confirms; the worker sends; receipts and replies come.

For every number of the file the sandbox's ledger holds exactly the expected number of acceptances: 1 or 0.
"""

import csv
import io
import math
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from campaigns import roles
from campaigns.models import AuditEvent, Campaign
from messaging import reviews
from messaging.models import Reply, Suppression, TemplateReview
from messaging.states import ReviewStatus
from tests import postgres
from tests.desk import Person
from tests.installation import VENDOR, Installation, installation, looking_into, no_limits
from tools.demo import seed
from tools.demo.story import RECIPIENTS, Story

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres, pytest.mark.xdist_group("e2e")]

FAIL_EVERY, REPLY_EVERY = 29, 211


@pytest.fixture(autouse=True)
def as_the_web_process_does(settings: Any) -> None:
    """The tests' own quick password hashes mean nothing to it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, django_db_blocker: Any, settings: Any) -> Iterator[Installation]:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("brings its own databases; runs with the suite on SQLite")
    if request.param == "sqlite":
        with installation() as made, looking_into(made.database_url, django_db_blocker):
            settings.MEDIA_ROOT = made.home / "media"
            yield made
        return
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with (
        postgres.server() as server,
        installation(server.url) as made,
        looking_into(made.database_url, django_db_blocker),
    ):
        settings.MEDIA_ROOT = made.home / "media"
        yield made


def expected_numbers() -> tuple[dict[str, int], int]:
    """phone -> acceptances that must be in the ledger, and the rows of the file: read here anew, without the importer."""
    rows = list(csv.reader(io.StringIO(RECIPIENTS.read_text("utf-8-sig"))))[1:]
    digits = [re.sub(r"^(0086|86)(?=1)", "", re.sub(r"\D", "", row[0])) for row in rows]
    valid = {number for number in digits if re.fullmatch(r"1[3-9]\d{9}", number)}
    return {number: 0 if number in seed.SUPPRESSED else 1 for number in valid}, len(rows)


def prepare(place: Installation) -> dict[str, Any]:
    """What the administrators and the marketing staff did before: an account, suppressions, an approved card."""
    no_limits()
    people = seed.people()
    story = Story(place.stack.web_url, place.sandbox, lambda _line: None)
    account, sign, bot = story.gateway(people[roles.ADMINISTRATORS])
    place.sandbox.set(VENDOR, delay=0.3, fail_every=FAIL_EVERY, fallback_every=7, reply_every=REPLY_EVERY)
    seed.suppressions(sign, people[roles.SUPPORT])
    author = people[roles.MARKETING]
    version = seed.templates(seed.picture(author), author)["会员日满减"]
    reviews.submit(version, account, signature=sign, chatbot=bot, actor=author)
    approved = TemplateReview.objects.filter(version=version, status=ReviewStatus.APPROVED)
    place.wait("the pushed audit is applied", approved.exists)
    return {"version": version.pk, "account": account.pk, "signature": sign.pk, "chatbot": bot.pk}


def import_file(place: Installation, person: Person) -> str:
    """Through the pages; returns the audience's id."""
    upload = {"file": (RECIPIENTS.name, RECIPIENTS.read_bytes(), "text/csv")}
    fields = {"name": "十一月会员", "consent_source": "门店会员登记表", "consent_on": "2026-01-08"}
    page = person.post("/campaigns/audience/add/", files=upload, **fields)
    file = re.search(r"/campaigns/audience/(file/\d+/)$", page.url)
    assert file, f"the upload did not lead to the file's page: {page.url}"
    path = f"/campaigns/audience/{file[1]}"
    person.post(path, phone="0", use_1="on", use_2="on", use_3="on")
    place.wait("the file is checked", lambda: person.get(f"{path}state.json").json()["final"])
    page = person.post(f"{path}confirm/")
    audience = re.search(r"/campaigns/audience/(\d+)/change/$", page.url)
    assert audience, f"the file could not be confirmed: {page.url}"
    return audience[1]


def test_a_real_file_reaches_everybody_exactly_once(place: Installation) -> None:
    expected, rows = expected_numbers()
    assert rows == 2000
    assert 0 < list(expected.values()).count(0) < 100
    place.stack.worker.start()
    ground = prepare(place)
    person = Person(place.stack.web_url, "huodong", seed.PASSWORD)
    audience = import_file(place, person)
    form = {
        **ground,
        "audience": audience,
        "name": "会员日",
        "cap_days": "7",
        "skip_same_days": "0",
        "needs_consent": "on",
    }
    page = person.post("/campaigns/campaign/add/", **form)
    number = re.search(r"/campaigns/campaign/(\d+)/check/$", page.url)
    assert number, page.url
    campaign = Campaign.objects.get(pk=number[1])
    to_send = sum(expected.values())
    assert (campaign.report.rows, campaign.report.to_send) == (2000, to_send)

    path = f"/campaigns/campaign/{number[1]}"
    confirm = person.get(f"{path}/confirm/").text
    token = re.search(r'name="token" value="([^"]+)"', confirm)[1]
    person.post(f"{path}/confirm/", token=token, typed=str(to_send))
    person.post(f"{path}/confirm/", token=token, typed=str(to_send))  # a second click starts nothing

    def heard() -> bool:
        return not person.get(f"{path}/progress.json").json()["counts"].keys() & {"queued", "sending", "submitted"}

    place.wait("every receipt is here", heard, 120)
    place.wait("every reply is here", lambda: Reply.objects.count() >= to_send // REPLY_EVERY)

    counts = place.sandbox.counts(VENDOR)
    assert {phone: counts.get(phone, 0) for phone in expected} == expected
    assert set(counts) <= set(expected), "somebody who is not in the file was sent to"
    state = person.get(f"{path}/progress.json").json()
    failed = to_send // FAIL_EVERY
    left_out = len(expected) - to_send
    assert state["counts"] == {"delivered": to_send - failed, "failed": failed, "skipped": left_out}
    assert state["closes"]
    assert Reply.objects.count() == to_send // REPLY_EVERY
    opted_out = Suppression.objects.filter(source="reply").values_list("phone", flat=True)
    assert set(opted_out) == set(Reply.objects.values_list("phone", flat=True))
    assert AuditEvent.objects.filter(action="campaign.confirmed").count() == 1
    requests_made = place.sandbox.ask("state")["vendors"][VENDOR]["requests"]["/rcs/templateP2P"]
    assert requests_made == math.ceil(to_send / 100)

    proof = place.manage("verify", number[1], check=False)
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert len(re.findall(r"^\s+\(\d\) ok", proof.stdout, re.MULTILINE)) == 7
    assert "Traceback" not in place.tails(200_000)
