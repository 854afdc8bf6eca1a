"""An account at a vendor and what sends from it: pace, signature, chatbot, poll state."""

import hashlib
import secrets
from decimal import Decimal
from typing import Any

from django.conf import settings as django_settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kit.fields import SecretJSONField
from messaging.gateway.registry import all_vendors, vendor_class
from messaging.gateway.types import AccountConfig
from messaging.states import AccountStatus


def vendor_choices() -> list[tuple[str, str]]:
    """From the registry, so that a new vendor folder needs no migration."""
    return [(code, vendor.name) for code, vendor in all_vendors().items()]


def new_callback_token() -> str:
    return secrets.token_urlsafe(24)


def token_digest(token: str) -> str:
    """How a token is known in the database. It has 192 bits of chance, so nothing slower is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class VendorAccount(models.Model):
    """Credentials are encrypted and write-only. `stop_reason` is a key of messaging.gateway.reasons."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    vendor = models.CharField(_("vendor"), max_length=40, choices=vendor_choices)
    base_url = models.URLField(_("address"), max_length=300)
    credentials: Any = SecretJSONField(_("credentials"), blank=True, default=dict)
    settings = models.JSONField(_("settings"), blank=True, default=dict)
    status = models.CharField(_("status"), max_length=12, choices=AccountStatus, default=AccountStatus.UNTESTED)
    stop_reason = models.CharField(_("reason for the stop"), max_length=40, blank=True)
    stop_detail = models.CharField(_("vendor's own words"), max_length=300, blank=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    trouble_streak = models.PositiveIntegerField(default=0, editable=False)
    per_second = models.DecimalField(
        _("messages per second"),
        max_digits=8,
        decimal_places=2,
        default=Decimal("100"),
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    in_flight = models.PositiveSmallIntegerField(_("requests in flight"), default=2, validators=[MinValueValidator(1)])
    batch_size = models.PositiveIntegerField(_("numbers per request"), default=100, validators=[MinValueValidator(1)])
    prices = models.JSONField(_("prices by channel"), blank=True, default=dict)
    balance = models.DecimalField(_("balance"), max_digits=16, decimal_places=4, null=True, blank=True)
    balance_unit = models.CharField(_("balance unit"), max_length=12, blank=True)
    balance_at = models.DateTimeField(_("balance asked at"), null=True, blank=True)
    low_balance = models.DecimalField(
        _("warn below this balance"), max_digits=16, decimal_places=4, null=True, blank=True
    )
    # The token in the address of its pushes, found by its digest. The one before works until a time, so that the vendor's
    # console can be changed in peace.
    callback_secret: Any = SecretJSONField(blank=True, default=dict, editable=False)
    callback_digest = models.CharField(max_length=64, unique=True, editable=False)
    callback_since = models.DateTimeField(null=True, editable=False)
    old_callback_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    old_callback_until = models.DateTimeField(null=True, editable=False)
    old_callback_used_at = models.DateTimeField(null=True, editable=False)
    callback_addresses = models.TextField(_("allowed callback addresses"), blank=True)
    review_days = models.PositiveSmallIntegerField(
        _("working days a review takes"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
        help_text=_("Counted back from a planned send. Empty: what is usual at this vendor."),
    )
    review_pauses = models.TextField(
        _("days without reviews"),
        blank=True,
        help_text=_(
            "One a line, as 2027-02-05 or 2027-02-05 – 2027-02-18. Weekends and the holidays count by themselves."
        ),
    )
    last_ok_at = models.DateTimeField(_("last success"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("vendor account")
        verbose_name_plural = _("vendor accounts")
        ordering = ["name"]
        permissions = [("test_vendoraccount", _("Can test a connection and ask for the balance"))]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.callback_digest:
            self.callback_token = new_callback_token()
        super().save(*args, **kwargs)

    @property
    def callback_token(self) -> str:
        """The token that stands in the addresses given to the vendor."""
        return str(self.callback_secret.get("token", ""))

    @callback_token.setter
    def callback_token(self, token: str) -> None:
        self.callback_secret, self.callback_digest = {"token": token}, token_digest(token)

    @property
    def old_callback_works(self) -> bool:
        return bool(self.old_callback_digest) and (self.old_callback_until or timezone.now()) > timezone.now()

    @property
    def usable(self) -> bool:
        return self.status in (AccountStatus.OK, AccountStatus.UNTESTED)

    @property
    def config(self) -> AccountConfig:
        """The account as an adapter sees it: every declared credential ("" where it is not given yet) and setting."""
        vendor = vendor_class(self.vendor)
        blank = {field.name: "" for field in vendor.credentials}
        defaults = {field.name: field.default for field in vendor.settings}
        return AccountConfig(
            self.name,
            self.base_url,
            {**blank, **self.credentials},
            {**defaults, **self.settings},
            django_settings.VENDOR_HOSTS,
        )


class AccountRateLimit(models.Model):
    """One row per account: `free_at` is the GCRA clock (seconds since 1970) that all workers share. Kept apart from the
    account, because every batch writes it."""

    account = models.OneToOneField(VendorAccount, on_delete=models.CASCADE, related_name="rate_limit")
    free_at = models.FloatField(default=0)


class PollState(models.Model):
    """Per account and kind: a row says "asked" before each call, so that an answer lost on the way is known to be missing."""

    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, related_name="polls")
    kind = models.CharField(_("kind"), max_length=12)
    asked_at = models.DateTimeField(_("asked at"), null=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    last_body_at = models.DateTimeField(_("last news at"), null=True)
    not_before = models.DateTimeField(_("not before"), null=True)
    empty_streak = models.PositiveIntegerField(default=0)
    missing_since = models.DateTimeField(_("something may be missing since"), null=True)
    retrieved_at = models.DateTimeField(null=True)  # when what may be missing was last asked for again
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="poll_per_account_and_kind")]


class Signature(models.Model):
    """【text】 with its carrier filing."""

    class Filing(models.TextChoices):
        NONE = "none", _("Not filed")
        PENDING = "pending", _("Being filed")
        FILED = "filed", _("Filed")

    text = models.CharField(_("signature"), max_length=40, unique=True, help_text=_("Without 【】."))
    cmcc = models.CharField(_("filing at China Mobile"), max_length=8, choices=Filing, default=Filing.NONE)
    cucc = models.CharField(_("filing at China Unicom"), max_length=8, choices=Filing, default=Filing.NONE)
    ctcc = models.CharField(_("filing at China Telecom"), max_length=8, choices=Filing, default=Filing.NONE)
    filed_on = models.DateField(_("filed on"), null=True, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    blocks_unfiled = models.BooleanField(_("block sending while not filed"), default=False)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["text"]

    def __str__(self) -> str:
        return f"【{self.text}】"


class Chatbot(models.Model):
    """A 5G sender. `vendor_id` is what the vendor calls it ("" where the vendor assigns it at audit)."""

    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, related_name="chatbots", verbose_name=_("vendor account")
    )
    name = models.CharField(_("name"), max_length=60)
    vendor_id = models.CharField(_("vendor's id"), max_length=120, blank=True)
    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, related_name="chatbots", verbose_name=_("signature")
    )
    operators = models.JSONField(_("operators"), default=list, blank=True)
    logo = models.ForeignKey(
        "templates_5g.MediaAsset", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("logo")
    )
    verified = models.BooleanField(_("officially verified"), default=False)

    class Meta:
        verbose_name = _("5G sender")
        verbose_name_plural = _("5G senders")
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="chatbot_name_per_account")]

    def __str__(self) -> str:
        return self.name
