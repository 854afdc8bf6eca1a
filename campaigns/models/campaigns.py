"""Who gets what, when and how fast."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.audiences import Audience
from campaigns.models.decisions import DecidedRequest
from campaigns.models.preflight import PreflightReport, ReportField
from campaigns.states import CampaignState
from messaging.models import Chatbot, Delivery, Dispatch, Signature, VendorAccount
from messaging.models.policy import MOST_CANARY_MINUTES, PERCENT
from templates_5g.models import TemplateVersion

VERSIONS = ("version", "version_b", "fallback_version")
# What a person says about a campaign beside its name: the form asks for it, and an approval covers it.
PLANNED = (
    "version",
    "audience",
    "account",
    "signature",
    "chatbot",
    "operators",
    "start_at",
    "send_until",
    "window_from",
    "window_until",
    "cap_count",
    "cap_days",
    "skip_same_days",
    "needs_consent",
    "per_second",
    "canary_people",
    "canary_percent",
    "canary_minutes",
    "stop_failed",
    "stop_unknown",
    "stop_opted_out",
    "version_b",
    "share_b",
    "fallback_account",
    "fallback_version",
    "fallback_on_silence",
)


class Campaign(models.Model):
    """`run_id`, written when its people are laid out, ties its dispatches together: one in the main leg (two where `version_b`
    is tried beside `version`), and one for each follow-up and fallback. `dispatch` is the first. `report` is the frozen result
    of the last check, made `checked_at`.

    `canary_people` or `canary_percent` of the people go first; after them the campaign waits `canary_minutes` and goes on
    only inside the stop limits, percentages of the results since `watch_from`. `fallback_*`: where to send once more after a
    final failure."""

    name = models.CharField(_("name"), max_length=80)
    version = models.ForeignKey(
        TemplateVersion, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("template version")
    )
    audience = models.ForeignKey(
        Audience, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("audience")
    )
    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("vendor account")
    )
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, verbose_name=_("signature"))
    chatbot = models.ForeignKey(Chatbot, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("5G sender"))
    options = models.JSONField(_("send options"), default=dict, blank=True)
    operators = models.JSONField(_("operators"), default=list, blank=True)
    start_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    send_until = models.DateTimeField(_("send until"), null=True, blank=True)
    window_from = models.TimeField(_("window from"), null=True, blank=True)
    window_until = models.TimeField(_("window until"), null=True, blank=True)
    cap_count = models.PositiveSmallIntegerField(_("frequency cap: messages"), null=True, blank=True)
    cap_days = models.PositiveSmallIntegerField(_("frequency cap: days"), default=7)
    skip_same_days = models.PositiveSmallIntegerField(_("skip who got this template within days"), default=0)
    needs_consent = models.BooleanField(_("only with consent"), default=True)
    per_second = models.DecimalField(
        _("messages per second"),
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    canary_people = models.PositiveIntegerField(
        _("canary: people"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    canary_percent = models.DecimalField(
        _("canary: percent"), max_digits=4, decimal_places=1, null=True, blank=True, validators=PERCENT
    )
    canary_minutes = models.PositiveSmallIntegerField(
        _("canary: minutes to watch"), default=30, validators=[MaxValueValidator(MOST_CANARY_MINUTES)]
    )
    stop_failed = models.DecimalField(
        _("stop above % not delivered"), max_digits=4, decimal_places=1, null=True, blank=True, validators=PERCENT
    )
    stop_unknown = models.DecimalField(
        # xgettext:no-python-format
        _("stop above % unknown"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=PERCENT,
    )
    stop_opted_out = models.DecimalField(
        # xgettext:no-python-format
        _("stop above % opted out"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=PERCENT,
    )
    watch_from = models.DateTimeField(null=True, blank=True, editable=False)
    version_b = models.ForeignKey(
        TemplateVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("second version to compare"),
    )
    share_b = models.PositiveSmallIntegerField(
        _("percent of people for the second version"),
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(99)],
    )
    fallback_account = models.ForeignKey(
        VendorAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("fallback: vendor account"),
    )
    fallback_version = models.ForeignKey(
        TemplateVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("fallback: template version"),
    )
    fallback_on_silence = models.BooleanField(_("fallback also when nothing was heard"), default=False)
    state = models.CharField(_("status"), max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    state_note = models.CharField(max_length=300, blank=True)
    run_id = models.UUIDField(unique=True, null=True, editable=False)
    dispatch = models.OneToOneField(
        Dispatch, on_delete=models.PROTECT, null=True, blank=True, related_name="campaign", editable=False
    )
    report: PreflightReport = ReportField()  # type: ignore[assignment]  # what it loads
    checked_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Everybody who made or changed it: none of them approves it.
    editors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, editable=False)
    # Who held the API token that made it; nobody for one that a person made.
    token_holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        permissions = [
            ("send_campaign", _("Can start, pause and cancel campaigns")),
            ("approve_campaign", _("Can approve campaigns of others")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dispatches(self) -> models.QuerySet[Dispatch]:
        """All of its run; none before it is laid out."""
        return Dispatch.objects.filter(run_id=self.run_id) if self.run_id else Dispatch.objects.none()

    @property
    def deliveries(self) -> models.QuerySet[Delivery]:
        """Of all legs of its run."""
        return Delivery.objects.filter(run_id=self.run_id) if self.run_id else Delivery.objects.none()


class Approval(DecidedRequest):
    """A colleague's word on a frozen snapshot; any change of what it covers makes it void. One for a follow-up holds for one
    follow-up: `spent_at` is when that was sent."""

    class Kind(models.TextChoices):
        CAMPAIGN = "campaign", _("Campaign")
        FOLLOW_UP = "follow_up", _("Follow-up")

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("campaign")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CAMPAIGN)
    snapshot = models.JSONField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # Who held the API token that asked; nobody where a person asked.
    token_holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    spent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
