"""Who gets it and who does not, and why: every kind of send, by every rule, as tables. "sent" is what the vendor accepted once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db.models import F, Max
from django.utils import timezone, translation

from campaigns.models import Audience, AudienceMember, Campaign
from messaging.inbox import answers as inbox_answers
from messaging.models import Batch, Delivery, Dispatch, Reply, Signature, Suppression
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template
from tests.builders import House
from tests.golden.conftest import Golden
from tests.golden.doors import LONG_AGO, Doors, file_of, rules
from tests.golden.renamed import new, new_value, old

pytestmark = pytest.mark.django_db

TEXT = "${姓名}您好，余额${余额}"
MORE_TEXTS = {"second": f"周年庆：{TEXT}", "short": "${姓名}您好，请看"}
A_CAMPAIGN = 700_001

# --- people -----------------------------------------------------------------------------------------------------------

# In a file without consent of its own: the audience's holds.
LISTED = (
    *("plain", "twice", "reached", "waiting", "other_list"),
    *("stop_all", "stop_signature", "stop_other_signature", "stop_account", "stop_other_account"),
    *("stop_lifted", "stop_lifted_and_again"),
    *("cap_full", "cap_one_less", "cap_old", "cap_edge", "cap_failed", "cap_unknown", "cap_refused", "cap_left_out"),
    *("cap_tests", "cap_notices", "cap_both"),
    *("same_template", "same_template_old", "same_template_failed", "same_template_refused", "same_template_unknown"),
    *("same_template_test", "same_words"),
    *("op_cucc", "op_ctcc", "op_cbn", "op_unknown"),
)
# Whom several rules stop: each has all that the next has, and one more. All lack a value and are of another operator.
SEVERAL = {
    "several_all": ("", ""),
    "several_but_stop": ("", ""),
    "several_but_consent": (LONG_AGO, "小程序"),
    "several_but_cap": (LONG_AGO, "小程序"),
    "several_but_lately": (LONG_AGO, "小程序"),
}
# In a file with each number's own consent: (date, source).
CONSENTED = {
    "consent_own": (LONG_AGO, "小程序"),
    "consent_no_source": (LONG_AGO, ""),
    "consent_none": ("", "小程序"),
    "consent_to_come": (LONG_AGO, "小程序"),  # its day is moved: a file with such a day is not taken
    **SEVERAL,
}
# Values of the second variable.
ODD = {
    "odd_empty": "",
    "odd_blank": "  ",
    "odd_200": "长" * 200,
    "odd_201": "长" * 201,
    "odd_emoji_101": "😀" * 101,
    "odd_signs": "“\"\\'%s{}$",
    "odd_variable": "${余额}",
    "odd_lines": "一\r\n二",
}
MISSING = "odd_missing"
STRANGER = "stranger"  # in no file
EVERYBODY = (*LISTED, *CONSENTED, *ODD, MISSING, STRANGER)
PREFIXES = {"op_cucc": "1300000", "op_cbn": "1920000", "op_unknown": "1400000"}
PREFIXES |= dict.fromkeys(("op_ctcc", *SEVERAL), "1330000")
PHONES = {name: f"{PREFIXES.get(name, '1380000')}{n:04}" for n, name in enumerate(EVERYBODY, 1)}
# Those about whom an order by API or a list of texts may not even be made: each is tried alone.
TRIED_ALONE = ("twice", *ODD, MISSING)
TOGETHER = tuple(name for name in EVERYBODY if name not in (*TRIED_ALONE, *SEVERAL))
STOPS, CAPS = ([name for name in LISTED if name.startswith(start)] for start in ("stop_", "cap_"))
TESTED = ("plain", *STOPS, *CAPS, STRANGER)
ANSWERED = ("plain", *STOPS, "cap_full", "cap_notices", "cap_both", "consent_none", STRANGER)


def values_of(name: str) -> dict[str, str]:
    return {"姓名": "客"} if name == MISSING else {"姓名": "客", "余额": "" if name in SEVERAL else ODD.get(name, "1")}


def rows_of(names: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
    return [(PHONES[name], values_of(name)) for name in names]


# --- policies ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """A column: the sending policy, the campaign's own, and whether consent is proven for the list."""

    rules: Mapping[str, Any] = field(default_factory=dict)
    campaign: Mapping[str, Any] = field(default_factory=dict)
    proven: bool = True


_CAPS = {"cap_count": 2, "cap_days": 7, "notice_cap_count": 2, "notice_cap_days": 1}
_OWN_CAP = {"cap_count": 1, "cap_days": 1}
_EXCLUSIONS = {"skip_same_days": 5, "operators": ["cmcc", "cucc"]}
POLICIES = {
    "no rule": Policy(),
    "cap": Policy(_CAPS),
    "own cap": Policy(campaign=_OWN_CAP),
    "consent": Policy(campaign={"needs_consent": True}),
    "list unproven": Policy(campaign={"needs_consent": True}, proven=False),
    "exclusions": Policy(campaign=_EXCLUSIONS),
    "all rules": Policy(_CAPS, {**_OWN_CAP, **_EXCLUSIONS, "needs_consent": True}),
    "cap, tests too": Policy({**_CAPS, "cap_tests": True}),
}


# --- the scene --------------------------------------------------------------------------------------------------------


class Scene(Doors):
    """An audience of all these people, what was sent to them before, and templates of one purpose."""

    audience_of_all: Audience
    versions: dict[str, TemplateVersion]
    earlier: list[int]

    def begin(self, purpose: str, *more: str) -> None:
        """`more`: templates beside the main one, approved as well."""
        rules()
        type(self.account).objects.filter(pk=self.account.pk).update(batch_size=200, in_flight=1)
        self.account.refresh_from_db()
        self.spare = self.house.make_account("备用", batch_size=200, in_flight=1)
        self.purpose, self.earlier = purpose, []
        same_words = {"kind": "text", "text": TEXT, "suggestions": []}
        self.versions = {
            "main": self.template("会员日", TEXT, purpose, (self.account, self.spare) if "spare" in more else ()),
            "same words": create_template("会员日（二）", purpose, same_words, {}, None),
        }
        for name in set(more) & set(MORE_TEXTS):
            self.versions[name] = self.template(name, MORE_TEXTS[name], purpose)

    def first_files(self) -> None:
        rows = rows_of(LISTED)
        rows.insert(2, rows[1])
        plain = file_of(["手机号", "姓名", "余额"], [[phone, *values.values()] for phone, values in rows])
        self.audience_of_all = self.audience("会员", plain, consent_source="门店", consent_on=LONG_AGO)
        own = [[phone, *v.values(), *CONSENTED[n]] for n, (phone, v) in zip(CONSENTED, rows_of(CONSENTED), strict=True)]
        header = ["手机号", "姓名", "余额", "同意日期", "同意来源"]
        self.more_people(self.audience_of_all, file_of(header, own))
        to_come = AudienceMember.objects.filter(phone=PHONES["consent_to_come"])
        to_come.update(consent_on=timezone.localdate() + timedelta(days=30))
        other = file_of(["手机号"], [[PHONES["other_list"]]])
        self.audience("别的名单", other, consent_source="门店", consent_on=LONG_AGO)

    def second_files(self) -> None:
        odd = [[phone, *values.values()] for phone, values in rows_of(ODD)]
        self.more_people(self.audience_of_all, file_of(["手机号", "姓名", "余额"], odd))
        self.more_people(self.audience_of_all, file_of(["手机号", "姓名"], [[PHONES[MISSING], "客"]]))

    def stop(self, name: str, **scope: Any) -> Suppression:
        given = {"scope": "all", "source": "hand", **scope}
        return Suppression.objects.create(phone=PHONES[name], **given)

    def conditions(self) -> None:
        """The do-not-send list, and what these people have got so far."""
        other = Signature.objects.create(text="测试")
        lifted = {"lifted_at": timezone.now(), "lift_reason": "客户要求"}
        self.stop("stop_all")
        self.stop("stop_signature", scope="signature", signature=self.signature)
        self.stop("stop_other_signature", scope="signature", signature=other)
        self.stop("stop_account", scope="account", account=self.account)
        self.stop("stop_other_account", scope="account", account=self.spare)
        self.stop("stop_lifted", **lifted)
        self.stop("stop_lifted_and_again", **lifted)
        self.stop("stop_lifted_and_again", scope="signature", signature=self.signature)
        self.stop("several_all")
        self.caps_history()
        self.same_history()

    def caps_history(self) -> None:
        for hours in (20, 22):
            self.sent("cap_full", "cap_both", "several_all", "several_but_stop", "several_but_consent", hours=hours)
            self.sent("cap_failed", hours=hours, own=50)
            self.sent("cap_tests", hours=hours, kind="test")
            self.sent("cap_notices", "cap_both", hours=hours, purpose="notice")
            self.sent("cap_old", hours=hours + 8 * 24)
        self.sent("cap_one_less", "cap_edge", "cap_unknown", "cap_refused", "cap_left_out", hours=20)
        self.sent("cap_edge", hours=8 * 24)
        self.sent("cap_unknown", hours=20, state="unknown")
        self.sent("cap_refused", hours=20, state="refused")
        self.sent("cap_left_out", hours=20, own=20)

    def same_history(self) -> None:
        same: dict[str, Any] = {"version": self.versions["main"], "purpose": self.purpose, "hours": 48}
        self.sent("same_template", *(name for name in SEVERAL if name != "several_but_lately"), **same)
        self.sent("same_template_old", **{**same, "hours": 6 * 24})
        self.sent("same_template_failed", **same, own=50)
        self.sent("same_template_refused", **same, own=30)
        self.sent("same_template_unknown", **same, state="unknown")
        self.sent("same_template_test", **same, kind="test")
        self.sent("same_words", **{**same, "version": self.versions["same words"]})

    def sent(
        self,
        *names: str,
        hours: float,
        state: str = "submitted",
        own: int | None = None,
        phones: Mapping[str, str] = PHONES,
        **values: Any,
    ) -> None:
        """An earlier send that ended like this, so many hours ago."""
        at = timezone.now() - timedelta(hours=hours)
        given = {"text": "", "version": None, "state": "done", **values}
        dispatch = self.house.make_dispatch([phones[name] for name in names], per_batch=200, **new(Dispatch, **given))
        self.earlier.append(dispatch.pk)
        Dispatch.objects.filter(pk=dispatch.pk).update(**new(Dispatch, created_at=at, started_at=at, finished_at=at))
        handed_over = at if state == "submitted" else None
        batches = Batch.objects.filter(dispatch=dispatch)
        batches.update(**new(Batch, state=state, claimed_at=at, submitted_at=handed_over))
        if own is not None:
            Delivery.objects.filter(dispatch=dispatch).update(**new(Delivery, own=own))
            counter = {20: "n_skipped", 30: "n_refused", 50: "n_failed"}[own]
            batches.update(**new(Batch, **{counter: len(names)}))

    def under(self, policy: Policy) -> dict[str, Any]:
        """The policy holds from now on; what of it a campaign says itself."""
        rules(**policy.rules)
        consent = {"consent_source": "门店", "consent_on": LONG_AGO} if policy.proven else {}
        nothing: dict[str, Any] = {"consent_source": "", "consent_on": None}
        Audience.objects.filter(pk=self.audience_of_all.pk).update(**{**nothing, **consent})
        return {"needs_consent": False, **policy.campaign}

    # --- what comes of it ------------------------------------------------------------------------------------------

    def outcomes(
        self,
        act: Callable[[], Mapping[str, str] | None],
        names: Iterable[str] = EVERYBODY,
        phones: Mapping[str, str] = PHONES,
    ) -> dict[str, str]:
        """Of one act, and of the work that it leaves to the queue. The act may answer why somebody was refused at once. What was
        sent lies a month back afterwards: it counts for nothing that follows."""
        before = newest_dispatch()
        self.world.accepted.clear()
        refused = act() or {}
        self.run_queue()
        rows = self.rows_since(before)
        found = {name: refused.get(name) or self._outcome(phones[name], rows) for name in names}
        self.a_month_passes(before)
        return found

    def rows_since(self, dispatch: int) -> dict[str, list[str]]:
        """Number -> how each of its deliveries stands, with the version's letter where two are compared."""
        made = Delivery.objects.filter(dispatch__gt=dispatch).exclude(dispatch__in=self.earlier)
        rows = list(made.select_related("batch", "dispatch").order_by("pk"))
        second = self.versions.get("second")
        letters = {} if second is None else {self.versions["main"].pk: " A", second.pk: " B"}
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row.phone, []).append(_word(row) + letters.get(old(row.dispatch)["version"], ""))
        return found

    def _outcome(self, phone: str, rows: Mapping[str, list[str]]) -> str:
        times, words = self.world.accepted[phone], rows.get(phone, [])
        if not words:
            return f"accepted {times} times without a row" if times else "-"
        sent = sum(word.startswith("sent") and not word.startswith("sent_") for word in words)
        return " and ".join(words) + ("" if sent == times else f", accepted {times} times")

    def a_month_passes(self, after: int) -> None:
        month = timedelta(days=30)
        for model, names in (
            (Dispatch, ("created_at", "started_at", "finished_at")),
            (Batch, ("claimed_at", "submitted_at")),
        ):
            which = {"pk__gt": after} if model is Dispatch else {"dispatch__gt": after}
            columns = [next(iter(new(model, **{name: None}))) for name in names]
            model.objects.filter(**which).update(**{column: F(column) - month for column in columns})


def newest_dispatch() -> int:
    return Dispatch.objects.aggregate(last=Max("pk"))["last"] or 0


def _word(row: Delivery) -> str:
    """How one delivery stands: why it got nothing, or that it was sent."""
    mine = old(row)
    if mine["reason"]:
        return str(mine["reason"])
    if row.batch is None:
        return "no batch and no reason"
    batch = old(row.batch)
    return "sent" if batch["state"] == "submitted" and mine["own"] is None else f"{batch['state']} {batch['reason']}"


def table(title: str, kind: str, columns: Mapping[str, Mapping[str, str]], notes: Sequence[str] = ()) -> str:
    """One line a member, one column a policy."""
    names = list(next(iter(columns.values())))
    cells = [
        ["kind", "member", *columns],
        *([kind, name, *(found[name] for found in columns.values())] for name in names),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([f"# {title}", *(f"# {note}" for note in notes), "", *lines]) + "\n"


@pytest.fixture
def scene(house: House, run_queue: Callable[[], int], settings: Any, tmp_path: Any) -> Scene:
    settings.MEDIA_ROOT = tmp_path
    return Scene(house, run_queue, tmp_path)


def ready(scene: Scene, purpose: str, *more: str) -> Scene:
    scene.begin(purpose, *more)
    scene.first_files()
    scene.second_files()
    scene.conditions()
    return scene


# --- the kinds of send ------------------------------------------------------------------------------------------------

Column = dict[str, str]


def main_leg(scene: Scene, policy: Policy, notes: list[str], **values: Any) -> Column:
    own = scene.under(policy)

    def act() -> None:
        scene.campaign(scene.versions["main"], scene.audience_of_all, **own, **values)
        excluded = ", ".join(f"{n} {reason}" for reason, n in sorted(scene.checked["excluded"].items()))
        sums = "{rows} rows, {to_send} to send, {left_out} left out".format_map(scene.checked)
        notes.append(f"{sums}: {excluded}; {scene.checked['again']} get the same content again")

    return scene.outcomes(act)


def order_by_api(scene: Scene, policy: Policy) -> Column:
    scene.under(policy)

    def act() -> None:
        answer = scene.order(scene.versions["main"], rows_of(TOGETHER))
        assert answer.status_code == 201, answer.content.decode()

    return scene.outcomes(act, TOGETHER)


def order_alone(scene: Scene, policy: Policy) -> Column:
    scene.under(policy)

    def act() -> Column:
        refused = {}
        for name in TRIED_ALONE:
            rows = rows_of([name])
            answer = scene.order(scene.versions["main"], rows * 2 if name == "twice" else rows)
            if answer.status_code != 201:
                refused[name] = f"refused: {answer.json()['error']['code']}"
        return refused

    return scene.outcomes(act, TRIED_ALONE)


def test_send(scene: Scene, policy: Policy) -> Column:
    """With the same values for all."""
    scene.under(policy)
    numbers = [PHONES[name] for name in TESTED]
    return scene.outcomes(lambda: scene.test(scene.versions["main"], numbers, **values_of("plain")), TESTED)


test_send.__test__ = False  # type: ignore[attr-defined]


def answers(scene: Scene, policy: Policy) -> Column:
    """A person answers each of them. The service is asked, whose refusals have a sentence."""
    scene.under(policy)

    def act() -> Column:
        refused = {}
        for name in ANSWERED:
            given = {"phone": PHONES[name], "content": "在吗", "replied_at": timezone.now()}
            reply = Reply.objects.create(account=scene.account, key=f"{name}{policy is POLICIES['cap']}", **given)
            try:
                with translation.override("en"):
                    inbox_answers.answer(reply, "在的", scene.signature, None)
            except ValidationError as refusal:
                refused[name] = _refusal(str(refusal.messages[0]))
        return refused

    return scene.outcomes(act, ANSWERED)


def _refusal(sentence: str) -> str:
    known = {"do-not-send list": "suppressed", "as many as the sending policy allows": "over_cap"}
    return "refused: " + next((word for part, word in known.items() if part in sentence), sentence)


def keyword_answers(scene: Scene, policy: Policy) -> Column:
    scene.under(policy)
    return scene.outcomes(lambda: scene.replies([PHONES[name] for name in ANSWERED], "几点"), ANSWERED)


def texts(scene: Scene, policy: Policy) -> Column:
    scene.under(policy)
    return scene.outcomes(lambda: scene.texts(TEXT, rows_of(TOGETHER), scene.purpose), TOGETHER)


def texts_alone(scene: Scene, policy: Policy) -> Column:
    scene.under(policy)

    def act() -> Column:
        refused = {}
        for name in TRIED_ALONE:
            rows = rows_of([name])
            try:
                scene.texts(TEXT, rows * 2 if name == "twice" else rows, scene.purpose)
            except CommandError:
                refused[name] = "refused"
        return refused

    return scene.outcomes(act, TRIED_ALONE)


def columns_of(kind: Callable[[Scene, Policy], Column], scene: Scene, *policies: str) -> dict[str, Column]:
    return {policy: kind(scene, POLICIES[policy]) for policy in policies}


@pytest.mark.parametrize("purpose", ["marketing", "notice"])
def test_first_sends(scene: Scene, golden: Golden, purpose: str) -> None:
    ready(scene, purpose)
    notes: list[str] = []
    main = {name: main_leg(scene, policy, notes) for name, policy in POLICIES.items() if name != "cap, tests too"}
    sheets = [f"{name}: {note}" for name, note in zip(main, notes, strict=True)]
    policies = ("no rule", "cap", "list unproven")
    tables = [
        table("A campaign's main leg", "main", main, sheets),
        table("An order by API", "order", columns_of(order_by_api, scene, *policies)),
        table("A test", "test", columns_of(test_send, scene, "cap", "cap, tests too")),
        table("Free texts to a list", "texts", columns_of(texts, scene, *policies)),
    ]
    golden(f"eligibility/first-sends-{purpose}.txt", "\n".join(tables))


def test_two_versions(scene: Scene, golden: Golden) -> None:
    """Who gets which is drawn by the number and the key of the campaign, so that this has always the same."""
    ready(scene, "marketing", "second")
    both = {"version_b": scene.versions["second"], "share_b": 40}
    drawn = {name: main_leg(scene, POLICIES[name], [], pk=A_CAMPAIGN, **both) for name in ("all rules",)}
    golden("eligibility/two-versions.txt", table("Two versions of a campaign, compared", "A/B", drawn))


def test_one_by_one(scene: Scene, golden: Golden) -> None:
    """What is said about one person alone; and answers, which are notices."""
    ready(scene, "notice")
    scene.keyword("几点", "九点")
    tables = [
        table("Orders of one each", "order", columns_of(order_alone, scene, "no rule")),
        table("Texts to one each", "texts", columns_of(texts_alone, scene, "no rule")),
        table("An answer to a reply", "answer", columns_of(answers, scene, "no rule", "cap")),
        table("An answer by a keyword", "keyword", columns_of(keyword_answers, scene, "no rule", "cap")),
    ]
    golden("eligibility/one-by-one.txt", "\n".join(tables))


# --- second legs ------------------------------------------------------------------------------------------------------


def failed_before(scene: Scene, version: str, **values: Any) -> Campaign:
    """A campaign a month ago, before there was any rule, that has reached hardly anybody."""
    before = newest_dispatch()
    scene.under(Policy())
    campaign = scene.campaign(scene.versions[version], scene.audience_of_all, needs_consent=False, **values)
    scene.run_queue()
    sent = set(Delivery.objects.filter(dispatch=campaign.dispatch, batch__isnull=False).values_list("phone", flat=True))
    assert sent == set(scene.world.accepted)
    status = {PHONES["reached"]: "DELIVRD", PHONES["waiting"]: ""}
    scene.receipts({phone: status.get(phone, "UNDELIV") for phone in sorted(sent)})
    scene.world.accepted.clear()
    scene.a_month_passes(before)
    return campaign


def again(scene: Scene, policy: Policy, campaign: Campaign, act: Callable[[Campaign], None]) -> Column:
    Campaign.objects.filter(pk=campaign.pk).update(**scene.under(policy))
    campaign.refresh_from_db()
    return scene.outcomes(lambda: act(campaign))


def test_second_legs(scene: Scene, golden: Golden) -> None:
    policies = {name: POLICIES[name] for name in ("no rule", "cap", "list unproven", "all rules")}
    scene.begin("marketing", "short", "spare")
    scene.first_files()
    failed = {name: failed_before(scene, "main") for name in policies}
    scene.second_files()  # "new in the list" for the follow-ups
    way = {"fallback_account": scene.spare, "fallback_version": scene.versions["main"]}
    fallen = {name: failed_before(scene, "short", **way) for name in policies}
    scene.conditions()

    def follow_up(campaign: Campaign) -> None:
        scene.follow_up(campaign, ["failed", "new"])

    followed = {name: again(scene, policy, failed[name], follow_up) for name, policy in policies.items()}
    caught = {name: again(scene, policy, fallen[name], scene.fall_back) for name, policy in policies.items()}
    tables = [
        table("A follow-up to those who failed or are new in the list", "follow-up", followed),
        table("A fallback through a second account, with a version of two variables", "fallback", caught),
    ]
    golden("eligibility/second-legs.txt", "\n".join(tables))


# How a first message ended: (state of the batch, own status, its counter).
ENDS: dict[str, tuple[str, int | None, str]] = {
    "failed": ("submitted", 50, "n_failed"),
    "refused_alone": ("submitted", 30, "n_refused"),
    "refused_together": ("refused", None, ""),
    "no_receipt": ("submitted", 40, "n_no_receipt"),
    "delivered": ("submitted", 60, "n_delivered"),
    "read": ("submitted", 70, "n_read"),
    "waiting": ("submitted", None, ""),
    "unknown": ("unknown", None, ""),
    "opted_out": ("submitted", 20, "n_skipped"),
    "cancelled": ("cancelled", None, ""),
    "lapsed": ("lapsed", None, ""),
}
ENDED = {name: f"1380000{n:04}" for n, name in enumerate([*ENDS, "new"], 1)}


def ended(scene: Scene, audience: Audience, **values: Any) -> Campaign:
    """A campaign a month ago, one request for each person, for each of whom it ended in another way."""
    before = newest_dispatch()
    campaign = scene.campaign(scene.versions["main"], audience, needs_consent=False, **values)
    at = timezone.now()
    for name, (state, own, counter) in ENDS.items():
        person = Delivery.objects.filter(dispatch=campaign.dispatch, phone=ENDED[name])
        columns = {"claimed_at": at, "submitted_at": at if state == "submitted" else None}
        counted = {counter: 1} if counter else {}
        Batch.objects.filter(deliveries__in=person).update(**new(Batch, state=state, **columns, **counted))
        if own is not None:
            person.update(**new(Delivery, own=own))
    scene.run_queue()
    scene.a_month_passes(before)
    return campaign


def test_who_is_chosen_for_a_second_leg(scene: Scene, golden: Golden) -> None:
    scene.begin("marketing", "spare")
    type(scene.account).objects.update(batch_size=1)
    header, rows = ["手机号", "姓名", "余额"], [[phone, "客", "1"] for phone in ENDED.values()]
    audience = scene.audience("十二人", file_of(header, rows[:-1]))
    groups = (["failed"], ["refused", "no_receipt"], ["failed", "refused", "no_receipt", "new"])
    campaigns = [ended(scene, audience) for _groups in groups]
    by_silence = {"fallback": False, "fallback, on silence too": True}
    way = {"fallback_account": scene.spare, "fallback_version": scene.versions["main"]}
    fallen = {name: ended(scene, audience, **way, fallback_on_silence=too) for name, too in by_silence.items()}
    scene.more_people(audience, file_of(header, rows[-1:]))
    columns = {}
    for chosen, campaign in zip(groups, campaigns, strict=True):
        follow_up = partial(scene.follow_up, campaign, [new_value("Follow-up", "group", group) for group in chosen])
        columns["all" if len(chosen) == 4 else ", ".join(chosen)] = scene.outcomes(follow_up, ENDED, ENDED)
    for name, campaign in fallen.items():
        columns[name] = scene.outcomes(partial(scene.fall_back, campaign), ENDED, ENDED)
    golden("eligibility/chosen.txt", table("Who is in a second leg, by how the first message ended", "chosen", columns))


# --- between the plan and the claim -----------------------------------------------------------------------------------

# In one send to all of them: what happens to each after it is made, and before a worker takes it.
MEANWHILE = (
    *("nothing", "entered_by_another", "entered", "entered_elsewhere", "entered_and_lifted", "sent_twice_more"),
    *("sent_once_more", "list_unproven"),
)
MEANWHILE_PHONES = {name: f"1380000{n:04}" for n, name in enumerate(MEANWHILE, 1)}


def meanwhile(scene: Scene) -> None:
    at = MEANWHILE_PHONES
    Suppression.objects.create(phone=at["entered_by_another"], scope="all", source="hand")
    for name in ("entered", "entered_and_lifted"):
        entry = scene.system.post("/suppressions/", {"phone": at[name]}).json()["id"]
    assert scene.system.post(f"/suppressions/{entry}/lift/", {"reason": "客户要求恢复"}).status_code == 200
    other = {"scope": "signature", "signature": "测试"}
    assert scene.system.post("/suppressions/", {"phone": at["entered_elsewhere"], **other}).status_code == 201
    for _time in range(2):
        scene.sent("sent_twice_more", hours=1, purpose=scene.purpose, phones=at)
    scene.sent("sent_once_more", hours=1, purpose=scene.purpose, phones=at)
    Audience.objects.update(consent_source="", consent_on=None)


def test_what_happens_before_the_claim(scene: Scene, golden: Golden) -> None:
    scene.begin("marketing")
    Signature.objects.create(text="测试")
    phones = MEANWHILE_PHONES
    people = [(phone, values_of("plain")) for phone in phones.values()]
    file = file_of(["手机号", "姓名", "余额"], [[phone, *values.values()] for phone, values in people])
    scene.audience_of_all = scene.audience("八人", file, consent_source="门店", consent_on=LONG_AGO)
    version = scene.versions["main"]
    kinds: dict[str, Callable[[], Any]] = {
        "main": lambda: scene.campaign(version, scene.audience_of_all),
        "order": lambda: scene.order(version, people),
        "test": lambda: scene.test(version, list(phones.values()), **values_of("plain")),
        "texts": lambda: scene.texts(TEXT, people, "marketing"),
    }
    columns = {}
    for kind, send in kinds.items():
        scene.under(Policy({**_CAPS, "cap_tests": True}))

        def act(send: Callable[[], Any] = send) -> None:
            send()
            meanwhile(scene)

        columns[kind] = scene.outcomes(act, phones, phones)
        Suppression.objects.all().delete()
    title = "What happens after a send is made and before it is claimed"
    golden("eligibility/meanwhile.txt", table(title, "meanwhile", columns))
