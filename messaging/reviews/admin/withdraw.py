"""Deleting a template at the vendor: asked on a page of its own, since the vendor cannot bring it back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from kit.people import signed_in
from messaging import form_tokens
from messaging.admin_base import BigList, needs, say_error
from messaging.gateway.outcomes import Outcome
from messaging.models import TemplateReview
from messaging.reviews import withdraw
from messaging.sentences import SENTENCES
from messaging.states import ReviewStatus


class Withdrawing(BigList):
    """The page under the reviews, and the button that leads there."""

    def withdraw_urls(self) -> list[Any]:
        return [self.own_url("<int:pk>/withdraw/", self.withdraw_view, "withdraw")]

    @needs("messaging.submit_templatereview")
    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = get_object_or_404(TemplateReview.objects.select_related("account", "version__template"), pk=pk)
        if not may_withdraw(review):
            messages.error(request, _("This template cannot be deleted at the vendor."))
            return redirect(self.address("change", pk))
        purpose = f"withdraw:{pk}"
        if request.method == "POST":
            return self._withdraw(request, review, purpose)
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Delete the template at the vendor"),
            facts=[
                (_("Content"), review.version),
                (_("Vendor account"), review.account),
                (_("Vendor's template id"), review.vendor_template_id),
            ],
            warning=_("The vendor forgets it for good. The version stays here and can be submitted anew."),
            token=form_tokens.issue(signed_in(request), purpose),
            button=_("Delete at the vendor"),
            danger=True,
            back=self.address("change", pk),
        )

    def _withdraw(self, request: HttpRequest, review: TemplateReview, purpose: str) -> HttpResponse:
        """Outside the transaction of the token: the vendor is called, and what it said is kept whatever comes after."""
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), purpose)
            verdict = withdraw.withdraw(review, signed_in(request))
        except (ValidationError, form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
            return redirect(self.address("change", review.pk))
        if verdict.outcome is Outcome.ACCEPTED:
            messages.success(request, _("Deleted at the vendor."))
        else:
            sentence = SENTENCES.get(verdict.reason)
            said = _("The vendor's own words: %(words)s") % {"words": f"{verdict.code} {verdict.message}".strip()}
            messages.error(request, " ".join(part for part in (str(sentence[0]) if sentence else "", said) if part))
        return redirect(self.address("change", review.pk))


def may_withdraw(review: TemplateReview) -> bool:
    return (
        (review.live or review.renewal)
        and bool(review.vendor_template_id)
        and review.status not in (ReviewStatus.WITHDRAWN, ReviewStatus.SUBMITTING)
        and withdraw.can_delete(review.account)
    )
