"""One version on the submission form: its signature, and each account with what it cannot carry, what it asks, and what a
submission would renew."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from messaging import badges, reviews
from messaging.gateway.registry import vendor_class
from messaging.gateway.vendor import Vendor
from messaging.models import Signature, TemplateReview, VendorAccount
from messaging.reviews import status
from messaging.reviews.admin.forms import AccountPart, SubmitForm
from templates_5g.blocks import Problem, errors
from templates_5g.models import TemplateVersion
from templates_5g.problems import sentence


@dataclass(frozen=True)
class Doubt:
    """Something to think over before it goes, and the option that takes it away, set back with one click."""

    text: str
    option: str = ""


@dataclass(frozen=True)
class Choice:
    """One account on the submission form. `blocking` and `warnings` are sentences; `has` says what is there already,
    `renews` what goes on serving until a renewal is approved. `wants_media_ids`: files need the ids that the vendor's console
    gave them."""

    account: VendorAccount
    part: AccountPart
    blocking: list[str]
    warnings: list[str]
    has: str = ""
    renews: str = ""
    doubts: list[Doubt] = field(default_factory=list)
    wants_media_ids: bool = False

    @property
    def is_open(self) -> bool:
        return not self.blocking and not self.has

    @property
    def is_ticked(self) -> bool:
        return bool(self.part.data.get(self.part.add_prefix("chosen")))

    @property
    def is_chosen(self) -> bool:
        return self.is_open and self.is_ticked

    @property
    def why_not(self) -> list[str]:
        """Of one that was ticked on a form and is not open any more."""
        return self.blocking or [_("already there: %(word)s") % {"word": self.has}]


@dataclass(frozen=True)
class Section:
    """One version on the form. `findings`: sentences that keep it from being submitted anywhere."""

    version: TemplateVersion
    form: SubmitForm
    findings: list[str]
    choices: list[Choice]

    @property
    def chosen(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.is_chosen]

    @property
    def lost(self) -> list[Choice]:
        """Ticked while it was open; meanwhile somebody submitted it, or the account cannot take it any more."""
        return [choice for choice in self.choices if choice.is_ticked and not choice.is_open]

    @property
    def is_open(self) -> bool:
        return not self.findings and any(choice.is_open for choice in self.choices)

    @property
    def doubtful(self) -> bool:
        return any(choice.doubts for choice in self.chosen)

    def is_sound(self) -> bool:
        """May what was chosen be submitted? What stands against it is put on the forms."""
        return self.form.is_valid() and not self.findings and _sound(self.version, self.chosen)


def section_of(
    version: TemplateVersion,
    accounts: Iterable[VendorAccount],
    data: Any,
    ticked: Collection[int] = (),
    under: str = "",
) -> Section:
    """`ticked`: ids of the accounts that a fresh form begins with. `under` keeps the fields of several versions apart."""
    standing_here = _standing(version)
    form = SubmitForm(data, initial={"signature": _signature(standing_here, ticked)}, prefix=under or None)
    findings = [reviews.line_of(finding.problem) for finding in reviews.hard_findings(version)]
    choices = [_choice_of(version, one, data, ticked, standing_here.get(one.pk, []), under) for one in accounts]
    return Section(version, form, findings, choices)


def _standing(version: TemplateVersion) -> dict[int, list[TemplateReview]]:
    """By account, what counts and what waits beside it. One query for the version."""
    found: dict[int, list[TemplateReview]] = {}
    rows = TemplateReview.objects.filter(status.STANDING, version=version).order_by("-live", "pk")
    for review in rows.select_related("signature", "chatbot"):
        found.setdefault(review.account_id, []).append(review)
    return found


def _signature(standing_here: dict[int, list[TemplateReview]], ticked: Collection[int]) -> Any:
    """The signature that the same version had, where it is submitted again or renewed; else the only one of the house."""
    rows = [review for account in ticked for review in standing_here.get(account, [])]
    before = next((review.signature_id for review in rows if review.signature_id), None)
    there = list(Signature.objects.values_list("pk", flat=True)[:2])
    return there[0] if before is None and len(there) == 1 else before


def _choice_of(
    version: TemplateVersion,
    account: VendorAccount,
    data: Any,
    ticked: Collection[int],
    here: list[TemplateReview],
    under: str,
) -> Choice:
    vendor = vendor_class(account.vendor)
    found = reviews.problems_for(version, account)
    hard = errors(found)
    for review in here:
        review.account = account
    has = "" if not here or reviews.room_for(version, account) else _has(here)
    initial = {**_initial(vendor, here), "chosen": account.pk in ticked}
    part = AccountPart(account, vendor, data, initial=initial, under=under)
    warnings = [reviews.line_of(problem) for problem in found if problem not in hard]
    doubts = _doubts(version, account, part, found)
    wants = any(problem.rule == "vendor.media_id" for problem in hard)
    return Choice(account, part, _blocking(account, hard), warnings, has, _renews(here), doubts, wants)


def _blocking(account: VendorAccount, hard: list[Problem]) -> list[str]:
    if hard:
        return [reviews.line_of(problem) for problem in hard]
    if not vendor_class(account.vendor).capabilities.review_parts:
        return [_("No review is needed here.")]
    if not reviews.audits(account):
        return [_("This vendor has no audit operation; register the template by hand.")]
    return []


def _has(here: list[TemplateReview]) -> str:
    """What keeps another submission away: the renewal under way, else what counts."""
    return str(badges.REVIEW.get(status.status_of(here[-1]), (here[-1].status, ""))[0])


def _renews(here: list[TemplateReview]) -> str:
    live = next((review for review in here if review.live), None)
    left = status.left_of(live) if live else None
    if live is None or left is None or left.total_seconds() <= 0 or not reviews.can_renew(live):
        return ""
    note = status.note_of(live)
    return _("Approved %(note)s. Sends go on with it until the renewal is approved.") % {"note": note}


def _initial(vendor: type[Vendor], here: list[TemplateReview]) -> Mapping[str, object]:
    """Sender and options as at the last submission."""
    if not here:
        return {}
    names = {option.name for option in vendor.submit_options}
    options = {f"option_{name}": value for name, value in here[0].options.items() if name in names}
    return {**options, "chatbot": here[0].chatbot_id}


def _doubts(version: TemplateVersion, account: VendorAccount, part: AccountPart, before: list[Problem]) -> list[Doubt]:
    """What only the chosen options bring up."""
    if not part.is_bound or not part.data.get(part.add_prefix("chosen")) or not part.is_valid():
        return []
    chatbot = part.cleaned_data.get("chatbot")
    known = {(problem.path, problem.rule) for problem in before}
    return [
        _doubt(problem, part)
        for problem in reviews.problems_for(version, account, options=part.option_values, chatbot=chatbot)
        if problem.severity != "error" and (problem.path, problem.rule) not in known
    ]


def _doubt(problem: Problem, part: AccountPart) -> Doubt:
    """Named by the option's own label where it is about one."""
    prefix, _dot, name = problem.path.partition(".")
    field_name = f"option_{name}"
    if prefix != "options" or field_name not in part.fields:
        return Doubt(reviews.line_of(problem))
    text = _("%(place)s: %(problem)s") % {"place": part.fields[field_name].label, "problem": sentence(problem)}
    return Doubt(text, part.add_prefix(field_name))


def _sound(version: TemplateVersion, chosen: list[Choice]) -> bool:
    """Every chosen account's form holds, and nothing hard comes with what was chosen there; what does is put on the form."""
    valid = [choice for choice in chosen if choice.part.is_valid()]
    sound = len(valid) == len(chosen)
    for choice in valid if sound else []:
        try:
            reviews.require_ready(
                version,
                choice.account,
                options=choice.part.option_values,
                chatbot=choice.part.cleaned_data.get("chatbot"),
            )
        except ValidationError as error:
            choice.part.add_error(None, error)
            sound = False
    return sound
