"""Numbers that are not to be sent to. Nothing is deleted: lifting is recorded."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.accounts import Signature, VendorAccount


class Suppression(models.Model):
    """`scope` all, account or signature; the matching foreign key is set for the latter two."""

    class Scope(models.TextChoices):
        ALL = "all", _("Everything")
        ACCOUNT = "account", _("One vendor account")
        SIGNATURE = "signature", _("One signature")

    class Source(models.TextChoices):
        REPLY = "reply", _("Customer's reply")
        HAND = "hand", _("Registered by hand")
        IMPORT = "import", _("Imported")
        VENDOR = "vendor", _("Vendor's word")
        API = "api", _("API")

    phone = models.CharField(_("number"), max_length=20)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.ALL)
    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("vendor account")
    )
    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("signature")
    )
    source = models.CharField(_("source"), max_length=8, choices=Source)
    note = models.CharField(_("reason"), max_length=200, blank=True)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lift_reason = models.CharField(_("reason for lifting"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("do-not-send entry")
        verbose_name_plural = _("do-not-send list")
        constraints = [
            models.UniqueConstraint(
                fields=["phone"], condition=Q(lifted_at__isnull=True, scope="all"), name="one_live_suppression_for_all"
            ),
            models.UniqueConstraint(
                fields=["phone", "account"],
                condition=Q(lifted_at__isnull=True, scope="account"),
                name="one_live_suppression_per_account",
            ),
            models.UniqueConstraint(
                fields=["phone", "signature"],
                condition=Q(lifted_at__isnull=True, scope="signature"),
                name="one_live_suppression_per_signature",
            ),
            models.CheckConstraint(
                name="suppression_scope_has_its_object",
                condition=(
                    Q(scope="all", account__isnull=True, signature__isnull=True)
                    | Q(scope="account", account__isnull=False, signature__isnull=True)
                    | Q(scope="signature", account__isnull=True, signature__isnull=False)
                ),
            ),
        ]
        indexes = [models.Index(fields=["phone"], name="suppression_live", condition=Q(lifted_at__isnull=True))]
        permissions = [("lift_suppression", _("Can lift a do-not-send entry"))]
