"""A version's way through a vendor's audit."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.accounts import Chatbot, Signature, VendorAccount
from messaging.states import ReviewStatus


class TemplateReview(models.Model):
    """One submission of one part of a version to an account. `vendor_message` is the vendor's reason as it came. `decided_at`
    orders audits: the time in the push's header, else its arrival; an older decision never beats a newer one.

    `live` is the one that counts for sending. A `renewal` waits beside a live approval that is about to end, and takes its
    place when it is approved itself; neither of both is history. `claimed_at` is when a worker took the submission, just
    before it may have been on the wire; `not_before` keeps one that certainly did not arrive from the next try.
    `renews_itself`: the vendor prolongs the approval without being asked."""

    version = models.ForeignKey(
        "templates_5g.TemplateVersion", on_delete=models.PROTECT, related_name="reviews", verbose_name=_("version")
    )
    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("vendor account")
    )
    part = models.CharField(_("part"), max_length=8, default="main")
    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("signature")
    )
    chatbot = models.ForeignKey(Chatbot, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("5G sender"))
    options = models.JSONField(default=dict, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=ReviewStatus, default=ReviewStatus.SUBMITTING)
    vendor_template_id = models.CharField(_("vendor's template id"), max_length=80, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    vendor_message = models.CharField(_("vendor's own words"), max_length=500, blank=True)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    approved_until = models.DateTimeField(_("approved until"), null=True, blank=True)
    valid_days = models.PositiveSmallIntegerField(null=True, blank=True)
    renews_itself = models.BooleanField(_("renewed by the vendor"), default=False)
    live = models.BooleanField(default=True)
    renewal = models.BooleanField(_("renewal"), default=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    by_hand = models.BooleanField(_("registered by hand"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("template review")
        verbose_name_plural = _("template reviews")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "account", "part"], condition=Q(live=True), name="one_live_review_per_part"
            ),
            models.UniqueConstraint(
                fields=["version", "account", "part"], condition=Q(renewal=True), name="one_renewal_per_part"
            ),
            models.CheckConstraint(condition=~Q(live=True, renewal=True), name="a_renewal_is_not_live_yet"),
        ]
        indexes = [models.Index(fields=["account", "vendor_template_id"], name="review_by_vendor_id")]
        permissions = [("submit_templatereview", _("Can submit a version for review"))]

    def __str__(self) -> str:
        return f"{self.version} · {self.account} · {self.get_status_display()}"
