"""The page that submits a version to several accounts: what each cannot carry, what it asks, and what a submission would renew."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from messaging import badges, standing
from messaging.admin.base import Page, needs, say_error
from messaging.admin.review_forms import PARTS, AccountPart, SubmitForm
from messaging.gateway.base import Vendor
from messaging.gateway.registry import vendor_class
from messaging.models import TemplateReview, VendorAccount
from messaging.services import once, reviews
from templates_5g.blocks import Problem, errors
from templates_5g.models import TemplateVersion
from templates_5g.problems import sentence
from templates_5g.requests import whole


@dataclass(frozen=True)
class Doubt:
    """Something to think over before it goes, and the option that takes it away, set back with one click."""

    text: str
    option: str = ""


@dataclass(frozen=True)
class Choice:
    """One account on the submission form. `blocking` and `warnings` are sentences; `has` says what is there already,
    `renews` what goes on serving until a renewal is approved."""

    account: VendorAccount
    part: AccountPart
    blocking: list[str]
    warnings: list[str]
    has: str = ""
    renews: str = ""
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return not self.blocking and not self.has

    @property
    def is_chosen(self) -> bool:
        return self.is_open and bool(self.part.data.get(self.part.add_prefix("chosen")))


class SubmissionPages(Page):
    """Under the reviews."""

    def submission_urls(self) -> list[Any]:
        return [self.own_url("submit/<int:version_id>/", self.submit_view, "submit")]

    @needs("messaging.submit_templatereview")
    def submit_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        findings = reviews.hard_findings(version)
        data = _mended(request) if request.method == "POST" else None
        standing_here = _standing(version)
        form = SubmitForm(data, initial={"signature": _signature(standing_here, request)})
        choices = [choice_of(version, one, data, request, standing_here) for one in VendorAccount.objects.all()]
        chosen = [choice for choice in choices if choice.is_chosen]
        sure = data is not None and ("anyway" in data or not any(choice.doubts for choice in chosen))
        if sure and not findings and form.is_valid() and chosen and _sound(version, chosen):
            return self._submit(request, version, chosen, form.cleaned_data["signature"])
        if data is not None and not findings and not chosen:
            form.add_error(None, _("Choose at least one account."))
        return self.page(
            request,
            "messaging/review_submit.html",
            title=_("Submit %(version)s for review") % {"version": version},
            version=version,
            form=form,
            findings=[reviews.line_of(finding.problem) for finding in findings],
            choices=choices,
            nobody=not any(choice.is_open for choice in choices),
            doubtful=any(choice.doubts for choice in chosen),
            token=once.issue(request.user, f"submit:{version_id}"),
            back=self.address("matrix"),
        )

    def _submit(
        self, request: HttpRequest, version: TemplateVersion, chosen: list[Choice], signature: Any
    ) -> HttpResponse:
        """Opened together with the token: nothing is on the wire here."""
        try:
            with transaction.atomic():
                once.spend(request.POST.get("token", ""), request.user, f"submit:{version.pk}")
                for choice in chosen:
                    self._submit_one(request, version, choice, signature)
        except (once.AlreadyDone, once.BadToken) as error:
            say_error(request, error)
        return redirect(f"{self.address('matrix')}?template={version.template_id}")

    def _submit_one(self, request: HttpRequest, version: TemplateVersion, choice: Choice, signature: Any) -> None:
        values = choice.part.cleaned_data
        try:
            made = reviews.submit(
                version,
                choice.account,
                signature=signature,
                chatbot=values.get("chatbot"),
                options=choice.part.option_values,
                actor=request.user,
            )
        except ValidationError as error:
            say_error(request, error)
            return
        if not made:
            messages.info(request, _("%(account)s has this version already.") % {"account": choice.account})
        for review in made:
            word = _("Renewal under way; sends go on meanwhile.") if review.renewal else review.get_status_display()
            messages.success(request, f"{choice.account} · {PARTS.get(review.part, review.part)}: {word}")


def _standing(version: TemplateVersion) -> dict[int, list[TemplateReview]]:
    """By account, what counts and what waits beside it. One query for the page."""
    found: dict[int, list[TemplateReview]] = {}
    rows = TemplateReview.objects.filter(standing.STANDING, version=version).order_by("-live", "pk")
    for review in rows.select_related("signature", "chatbot"):
        found.setdefault(review.account_id, []).append(review)
    return found


def _signature(standing_here: dict[int, list[TemplateReview]], request: HttpRequest) -> Any:
    """The signature that the same version had, where it is submitted again or renewed."""
    asked = request.GET.get("account", "")
    rows = standing_here.get(whole(asked), [])
    return next((review.signature_id for review in rows if review.signature_id), None)


def _mended(request: HttpRequest) -> Any:
    """What was posted, less the one option that a click on its remedy takes back."""
    data = request.POST.copy()
    remedy = data.pop("remedy", [""])[-1]
    if remedy:
        data.pop(remedy, None)
    return data


def choice_of(
    version: TemplateVersion,
    account: VendorAccount,
    data: Any,
    request: HttpRequest,
    standing_here: dict[int, list[TemplateReview]],
) -> Choice:
    vendor = vendor_class(account.vendor)
    found = reviews.problems_for(version, account)
    hard = errors(found)
    blocking = [reviews.line_of(problem) for problem in hard]
    if not hard and not vendor.capabilities.review_parts:
        blocking = [_("No review is needed here.")]
    elif not hard and not reviews.audits(account):
        blocking = [_("This vendor has no audit operation; register the template by hand.")]
    here = standing_here.get(account.pk, [])
    for review in here:
        review.account = account
    has = "" if not here or reviews.room_for(version, account) else _has(here)
    part = AccountPart(account, vendor, data, initial=_initial(vendor, account, here, request))
    warnings = [reviews.line_of(problem) for problem in found if problem not in hard]
    return Choice(account, part, blocking, warnings, has, _renews(here), _doubts(version, account, part, found))


def _has(here: list[TemplateReview]) -> str:
    """What keeps another submission away: the renewal under way, else what counts."""
    return str(badges.REVIEW.get(standing.status_of(here[-1]), (here[-1].status, ""))[0])


def _renews(here: list[TemplateReview]) -> str:
    live = next((review for review in here if review.live), None)
    left = standing.left_of(live) if live else None
    if live is None or left is None or left.total_seconds() <= 0 or not reviews.can_renew(live):
        return ""
    note = standing.note_of(live)
    return _("Approved %(note)s. Sends go on with it until the renewal is approved.") % {"note": note}


def _initial(
    vendor: type[Vendor], account: VendorAccount, here: list[TemplateReview], request: HttpRequest
) -> dict[str, Any]:
    """Chosen if the link named this account; sender and options as at the last submission."""
    initial: dict[str, Any] = {}
    if here:
        names = {option.name for option in vendor.submit_options}
        initial = {f"option_{name}": value for name, value in here[0].options.items() if name in names}
        initial["chatbot"] = here[0].chatbot_id
    return {**initial, "chosen": request.GET.get("account") == str(account.pk)}


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
