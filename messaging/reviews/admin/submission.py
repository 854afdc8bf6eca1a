"""The pages that submit versions for review: one version to several accounts, or the cells that were ticked in the matrix."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from kit.people import signed_in
from messaging import form_tokens, reviews
from messaging.admin_base import Page, needs, say_error
from messaging.models import VendorAccount
from messaging.reviews.admin.choices import Choice, Section, section_of
from messaging.reviews.admin.forms import PARTS
from templates_5g.json_request import whole
from templates_5g.models import TemplateVersion

# As many versions as one page of the matrix holds.
MOST_VERSIONS = 20


class SubmissionPages(Page):
    """Under the reviews."""

    def submission_urls(self) -> list[Any]:
        return [
            self.own_url("submit/<int:version_id>/", self.submit_view, "submit"),
            self.own_url("submit/", self.submit_cells_view, "submit_cells"),
        ]

    @needs("messaging.submit_templatereview")
    def submit_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """One version, with every account to choose from; those that the link names (`account`) are ticked."""
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        ticked = {whole(one) for one in request.GET.getlist("account")}
        section = section_of(version, VendorAccount.objects.all(), _mended(request), ticked)
        title = _("Submit %(version)s for review") % {"version": version}
        return self._answer(request, [section], title)

    @needs("messaging.submit_templatereview")
    def submit_cells_view(self, request: HttpRequest) -> HttpResponse:
        """The cells (`cell`: version-account) that were ticked in the matrix, of several versions at once."""
        cells = _cells(request.GET.getlist("cell"))
        if not cells:
            messages.error(request, _("Tick at least one cell."))
            return redirect(self.address("matrix"))
        if len(cells) == 1:
            ((version_id, ids),) = cells.items()
            return redirect(f"{self.address('submit', version_id)}?{urlencode({'account': sorted(ids)}, doseq=True)}")
        data, accounts = _mended(request), list(VendorAccount.objects.all())
        versions = TemplateVersion.objects.select_related("template").filter(pk__in=cells)
        sections = [
            section_of(version, _of(accounts, cells[version.pk]), data, cells[version.pk], f"version-{version.pk}")
            for version in versions.order_by("template__name", "number", "pk")
        ]
        return self._answer(request, sections, _("Submit several versions for review"))

    def _answer(self, request: HttpRequest, sections: list[Section], title: str) -> HttpResponse:
        posted = request.method == "POST"
        chosen = [section for section in sections if section.chosen]
        doubtful = any(section.doubtful for section in chosen)
        sure = posted and ("anyway" in request.POST or not doubtful)
        # Every section is looked at, so that the page names all that is wrong at once.
        wrong = [section for section in chosen if not section.is_sound()] if sure else []
        if sure and chosen and not wrong:
            return self._submit(request, sections)
        return self.page(
            request,
            "messaging/review_submit.html",
            title=title,
            sections=sections,
            several=len(sections) > 1,
            none_chosen=posted and not chosen and not any(section.lost for section in sections),
            nobody=not any(section.is_open for section in sections),
            doubtful=doubtful,
            token=form_tokens.issue(signed_in(request), _purpose(sections)),
            back=self.address("matrix"),
        )

    def _submit(self, request: HttpRequest, sections: list[Section]) -> HttpResponse:
        """Opened together with the token: nothing is on the wire here."""
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), _purpose(sections))
                for section in sections:
                    self._submit_section(request, section, several=len(sections) > 1)
        except (form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
        templates = {section.version.template_id for section in sections}
        query = f"?template={templates.pop()}" if len(templates) == 1 else ""
        return redirect(self.address("matrix") + query)

    def _submit_section(self, request: HttpRequest, section: Section, *, several: bool) -> None:
        for choice in section.chosen:
            self._submit_one(request, section, choice, _name(section, choice, several=several))
        for choice in section.lost:
            for line in choice.why_not:
                messages.warning(request, f"{_name(section, choice, several=several)}: {line}")

    def _submit_one(self, request: HttpRequest, section: Section, choice: Choice, name: str) -> None:
        try:
            made = reviews.submit(
                section.version,
                choice.account,
                signature=section.form.cleaned_data["signature"],
                chatbot=choice.part.cleaned_data.get("chatbot"),
                options=choice.part.option_values,
                actor=signed_in(request),
            )
        except ValidationError as error:
            for line in error.messages:
                messages.error(request, f"{name}: {line}")
            return
        if not made:
            messages.info(request, _("%(account)s has this version already.") % {"account": name})
        for review in made:
            word = _("Renewal under way; sends go on meanwhile.") if review.renewal else review.get_status_display()
            messages.success(request, f"{name} · {PARTS.get(review.part, review.part)}: {word}")


def _name(section: Section, choice: Choice, *, several: bool) -> str:
    return f"{section.version} · {choice.account}" if several else str(choice.account)


def _purpose(sections: Sequence[Section]) -> str:
    return "submit:" + ",".join(str(section.version.pk) for section in sections)


def _cells(values: Sequence[str]) -> dict[int, set[int]]:
    """Version -> accounts, of what exists. Addresses are typed and mangled: what makes no sense is left out."""
    pairs = [(whole(left), whole(right)) for left, _dash, right in (value.partition("-") for value in values)]
    versions = TemplateVersion.objects.filter(pk__in={version for version, _account in pairs})
    known = set(versions.order_by("-pk").values_list("pk", flat=True)[:MOST_VERSIONS])
    accounts = set(VendorAccount.objects.values_list("pk", flat=True))
    cells: dict[int, set[int]] = {}
    for version, account in pairs:
        if version in known and account in accounts:
            cells.setdefault(version, set()).add(account)
    return cells


def _of(accounts: Sequence[VendorAccount], ids: set[int]) -> list[VendorAccount]:
    return [account for account in accounts if account.pk in ids]


def _mended(request: HttpRequest) -> Any:
    """What was posted, less the one option that a click on its remedy takes back; None where nothing was."""
    if request.method != "POST":
        return None
    data = request.POST.copy()
    remedy = data.pop("remedy", [""])[-1]
    if remedy:
        data.pop(remedy, None)
    return data
