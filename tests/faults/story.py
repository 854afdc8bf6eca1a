"""One seed's campaign from the file to the last receipt, by a person at the pages who looks again when a page does not
come, and presses again what has not happened: the same form with the same token, as an impatient person does."""

import random
import re
import time
from collections.abc import Callable
from typing import Any

import requests
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User
from django.db import Error, connection
from django.utils import timezone
from django_q.models import OrmQ

from campaigns import roles
from campaigns.models import Audience, AudienceImport, Campaign
from campaigns.states import CampaignState, ImportState
from messaging.models import Attempt, Batch, CallbackEvent
from messaging.states import BatchState
from tests.builders import stored
from tests.desk import Person
from tests.faults.dispatches import OPEN, Ground
from tests.faults.seeds import Case
from tests.faults.striking import Killer, Operator, until
from tests.installation import VENDOR

NAME, PASSWORD = "huodong", "a-person-who-tries-again"
# Pieces of a file that are read one after the other; rows laid out by a worker, and by the web process; a few dozen requests.
ROWS = {"import": 45_000, "planning": 6_500, "sending": 3_000, "receipts": 3_000}
MOST_PEOPLE = 6_500  # the other rows of a file are said before
INLINE_ROWS = 4_000
IN_VAIN = 120  # seconds


def person_of(ground: Ground) -> Person:
    """A campaign manager with a password that the web process understands, whatever this process hashes with."""
    user, made = User.objects.get_or_create(username=NAME, defaults={"is_staff": True})
    if made:
        user.password = PBKDF2PasswordHasher().encode(PASSWORD, "saltsaltsalt")
        user.save()
        roles.ensure()
        user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
    return Person(ground.place.stack.web_url, NAME, PASSWORD)


class Story:
    """`numbers`: the file's good numbers, each once. `rows`: all its rows."""

    def __init__(self, ground: Ground, operator: Operator, person: Person, case: Case) -> None:
        self.ground = ground
        self.operator = operator
        self.person = person
        self.case = case
        self.killer = Killer(case, operator)
        self.name = f"种子 {case.seed}"
        self.trouble = ""
        inline = case.stage == "planning" and case.victim == "web"
        self.rows = INLINE_ROWS if inline else ROWS[case.stage]
        self.numbers, self.file = a_file(case.seed, self.rows)

    def run(self) -> Campaign:
        """To the end. Raises AssertionError when something never happens."""
        with self.killer.at_work("import", self._in_import):
            self._import()
        with self.killer.at_work("planning", self._in_planning):
            self._plan()
        self._hold_receipts(self.case.stage == "receipts")
        try:
            with self.killer.at_work("sending", self._in_sending):
                self.until("everything is sent", self._sent)
            self._hold_receipts(False)
            with self.killer.at_work("receipts", self._in_receipts):
                self.until("everybody is heard of", self._heard)
        finally:
            self._hold_receipts(False)
        self.until("it is settled", self._settled)
        return self.campaign

    # --- patience ---------------------------------------------------------------------------------------------------

    def until(self, what: str, done: Callable[[], Any]) -> Any:
        """What `done` answers when it is true. The operator looks after the processes meanwhile; a database or a page that
        is away is asked again."""
        end = time.monotonic() + IN_VAIN
        while True:
            self.operator.tend()
            found = self._patiently(done)
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"{self.case}: waited in vain until {what}\n{self.trouble}\n{self._state()}")
            time.sleep(0.1)

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except Error as error:
            self.trouble = f"{type(error).__name__}: {error}"
            connection.close()
        except (requests.RequestException, AssertionError) as error:
            self.trouble = f"{type(error).__name__}: {str(error)[:1500]}"
        return None

    def press(self, *args: Any, **fields: Any) -> None:
        """The answer may never come; what happened is looked up afterwards."""
        self._patiently(lambda: self.person.post(*args, **fields))

    def _state(self) -> str:
        found = Campaign.objects.filter(name=self.name).first()
        files = list(AudienceImport.objects.filter(audience__name=self.name).values("state", "rows_read", "error"))
        dispatch = self.ground.explain(found) if found and found.dispatch_id else found and found.state
        return f"files {files}\n{dispatch}\n{self.ground.place.tails()}"

    # --- the stages -------------------------------------------------------------------------------------------------

    def _import(self) -> None:
        self.until("the file is uploaded", self._uploaded)
        self.until("the file is checked", self._checked)
        self.until("the file is confirmed", self._confirmed)

    def _source(self) -> AudienceImport | None:
        return AudienceImport.objects.filter(audience__name=self.name).order_by("pk").first()

    def _uploaded(self) -> bool:
        if self._source():
            return True
        upload = {"file": ("名单.csv", self.file, "text/csv")}
        audience = Audience.objects.filter(name=self.name).first()
        if audience:
            self.press(f"/campaigns/audience/{audience.pk}/upload/", files=upload)
        else:
            words = {"name": self.name, "consent_source": "门店登记", "consent_on": "2026-01-08"}
            self.press("/campaigns/audience/add/", files=upload, **words)
        return False

    def _checked(self) -> bool:
        source = self._source()
        if source.state == ImportState.UPLOADED:
            self.press(f"/campaigns/audience/file/{source.pk}/", phone="0", use_1="on")
        assert source.state != ImportState.FAILED, source.error
        return source.state in (ImportState.READY, ImportState.DONE)

    def _confirmed(self) -> bool:
        source = self._source()
        if source.state == ImportState.READY:
            self.press(f"/campaigns/audience/file/{source.pk}/confirm/")
        return source.state == ImportState.DONE

    def _plan(self) -> None:
        self.campaign = self.until("the campaign is there", self._entered)
        self.until("it is checked", self._counted)
        self.token = ""
        self.until("it is laid out and runs", self._started)

    def _now(self) -> Campaign:
        self.campaign.refresh_from_db()
        return self.campaign

    def _entered(self) -> Campaign | None:
        found = Campaign.objects.filter(name=self.name).first()
        if found is None:
            audience = Audience.objects.get(name=self.name)
            ground = self.ground
            chosen = {"version": ground.version.pk, "account": ground.account.pk, "audience": audience.pk}
            senders = {"signature": ground.signature.pk, "chatbot": ground.chatbot.pk}
            rest = {"name": self.name, "cap_days": "7", "skip_same_days": "0", "needs_consent": "on"}
            self.press("/campaigns/campaign/add/", **chosen, **senders, **rest)
        return found

    def _counted(self) -> bool:
        """A page that died between saving and checking leaves a draft, in sight with its button."""
        campaign = self._now()
        if campaign.state == CampaignState.DRAFT:
            self.press(f"/campaigns/campaign/{campaign.pk}/check/again/")
        return campaign.state == CampaignState.CHECKED

    def _started(self) -> bool:
        campaign = self._now()
        if campaign.state == CampaignState.CHECKED:
            path = f"/campaigns/campaign/{campaign.pk}/confirm/"
            self.token = self.token or re.search(r'name="token" value="([^"]+)"', self.person.get(path).text)[1]
            typed = {"typed": str(campaign.report.to_send), "typed_again": str(campaign.report.again.people)}
            self.press(path, token=self.token, **typed)
        return campaign.started_at is not None

    def _hold_receipts(self, held: bool) -> None:
        self.ground.place.sandbox.set(VENDOR, hold_pushes=["receipt"] if held else None)

    def _sent(self) -> bool:
        self.ground.mend_account()
        return not self._batches().filter(state__in=OPEN).exists()

    def _heard(self) -> bool:
        """No push waits at the vendor, none is left to apply."""
        pushes = self.ground.place.sandbox.ask("state")["vendors"][VENDOR]["pushes"]
        return not pushes["waiting"] and not CallbackEvent.objects.filter(state=CallbackEvent.State.NEW).exists()

    def _settled(self) -> bool:
        """Who is not heard of by now is in a batch of which nobody knows; the claims of the dead have run out."""
        silent = stored(self.campaign).deliveries.filter(own_status__isnull=True)
        return self._sent() and self._heard() and not silent.exclude(batch__state=BatchState.UNKNOWN).exists()

    # --- the killer's moments ---------------------------------------------------------------------------------------

    def _batches(self) -> Any:
        return Batch.objects.filter(dispatch__campaign__name=self.name)

    def _in_import(self, chance: random.Random) -> str:
        """For the worker after so many rows of the file that it is given, else anywhere from the upload on."""
        if self.case.victim in ("worker", "process"):
            rows = chance.choice((0, 10_000, 20_000, 30_000, 45_000))
            until(lambda: self._has_read(rows))
            time.sleep(chance.uniform(0, 0.1))
        else:
            time.sleep(chance.uniform(0, 0.9))
        source = self._source()
        return f"file {source.state}, {source.rows_read or 0} rows" if source else "no file yet"

    def _has_read(self, rows: int) -> bool:
        source = self._source()
        return source is not None and source.state != ImportState.UPLOADED and source.rows_read >= rows

    def _in_planning(self, chance: random.Random) -> str:
        if self.case.victim in ("worker", "process"):
            asked = Campaign.objects.filter(name=self.name, confirmed_at__isnull=False)
            until(asked.exists)
            until(_job_is_taken)
            time.sleep(chance.uniform(0, 0.12))
        else:
            time.sleep(chance.uniform(0, 0.5))
        found = Campaign.objects.filter(name=self.name).first()
        if found is None:
            return "no campaign yet"
        return f"campaign {found.state}, {'laid out' if found.dispatch_id else 'not laid out'}"

    def _in_sending(self, chance: random.Random) -> str:
        tried = Attempt.objects.filter(batch__in=self._batches())
        begun = tried.count()
        wanted = begun + chance.randrange(max(1, self._batches().count() - begun - 2))
        until(lambda: tried.count() >= wanted)
        time.sleep(chance.uniform(0, 0.08))
        wire = self._batches().filter(state=BatchState.SENDING).count()
        return f"request {tried.count()} of {self._batches().count()}, {wire} on the wire"

    def _in_receipts(self, chance: random.Random) -> str:
        stored = CallbackEvent.objects.filter(kind="receipt", pk__gt=self._last_event())
        wanted = stored.count() + chance.randrange(max(1, self._batches().count() - stored.count() - 3))
        until(lambda: stored.count() >= wanted)
        time.sleep(chance.uniform(0, 0.05))
        return f"push {stored.count()}, {stored.filter(state=CallbackEvent.State.NEW).count()} not applied"

    def _last_event(self) -> int:
        if not hasattr(self, "_before"):
            self._before = CallbackEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        return self._before


def _job_is_taken() -> bool:
    """The import queue's worker has what waited for it: the broker's lock on it lies ahead, or it is done."""
    return not OrmQ.objects.filter(key="import", lock__lte=timezone.now()).exists()


def a_file(seed: int, rows: int) -> tuple[list[str], bytes]:
    """A CSV with that many rows: one of fifty is no number, one of forty came before, and all the rest did
    when there are enough people. Good numbers, and the file."""
    numbers: list[str] = []
    lines = ["手机号,姓名"]
    for n in range(rows):
        if n % 50 == 49:
            lines.append(f"12345{n},坏")
        elif n % 40 == 39 or len(numbers) == MOST_PEOPLE:
            lines.append(f"{numbers[n * 7 % len(numbers)]},又")
        else:
            numbers.append(f"13{seed:04d}{n:05d}")
            lines.append(f"{numbers[-1]},客{n}")
    return numbers, "\n".join(lines).encode()
