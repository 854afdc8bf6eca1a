"""An asset as one vendor knows it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.accounts import VendorAccount


class VendorMedia(models.Model):
    """Asset x account: the vendor's media id, its audit and its end."""

    class State(models.TextChoices):
        WAITING = "waiting", _("In review")
        APPROVED = "approved", _("Usable")
        REFUSED = "refused", _("Not usable")

    asset = models.ForeignKey(
        "templates_5g.MediaAsset", on_delete=models.PROTECT, related_name="vendor_media", verbose_name=_("media")
    )
    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, related_name="media", verbose_name=_("vendor account")
    )
    vendor_id = models.CharField(_("vendor's media id"), max_length=120)
    state = models.CharField(_("status"), max_length=10, choices=State, default=State.APPROVED)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("media at a vendor")
        verbose_name_plural = _("media at vendors")
        constraints = [models.UniqueConstraint(fields=["asset", "account"], name="one_vendor_media_per_account")]

    def __str__(self) -> str:
        return f"{self.asset} · {self.account}"
