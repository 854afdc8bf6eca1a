"""What the inbox does by itself and offers to people: keyword rules and canned answers."""

from datetime import time

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.texts import MessageField
from messaging.models.accounts import VendorAccount


class KeywordRule(models.Model):
    """`word` is compared without regard to case, width and surrounding punctuation. The first rule that fits acts, by `order`;
    opt-out words of the house come before all rules. An answer costs a message, so a number gets one rule's at most once a day;
    outside `answers_from`–`answers_until` it waits for the next morning. Both empty: at any hour."""

    class Match(models.TextChoices):
        EXACT = "exact", _("Is exactly")
        PREFIX = "prefix", _("Begins with")

    class Action(models.TextChoices):
        SUPPRESS = "suppress", _("Add to the do-not-send list")
        TAG = "tag", _("Tag it")
        ANSWER = "answer", _("Answer it")

    order = models.PositiveSmallIntegerField(_("order"), default=100)
    word = models.CharField(_("keyword"), max_length=40)
    match = models.CharField(_("the reply"), max_length=8, choices=Match, default=Match.EXACT)
    account = models.ForeignKey(
        VendorAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("vendor account"),
        help_text=_("Empty: replies through every account."),
    )
    action = models.CharField(_("then"), max_length=8, choices=Action)
    tag = models.CharField(_("tag"), max_length=20, blank=True)
    text = MessageField(_("answer"), max_length=500, blank=True)
    answers_from = models.TimeField(
        _("answers from"),
        null=True,
        blank=True,
        default=time(9, 0),
        help_text=_("Beijing time. Outside these hours an answer waits for the next morning. Both empty: at any hour."),
    )
    answers_until = models.TimeField(_("answers until"), null=True, blank=True, default=time(20, 30))
    enabled = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("keyword rule")
        verbose_name_plural = _("keyword rules")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["word", "match", "account"], name="keyword_rule_once_per_account"),
            models.UniqueConstraint(
                fields=["word", "match"], condition=models.Q(account__isnull=True), name="keyword_rule_once"
            ),
        ]

    def __str__(self) -> str:
        return self.word

    def clean(self) -> None:
        needed = (
            {self.Action.TAG: "tag", self.Action.ANSWER: "text"}.get(self.Action(self.action)) if self.action else None
        )
        if needed and not getattr(self, needed).strip():
            raise ValidationError({needed: _("Needed for this action.")})
        if bool(self.answers_from) != bool(self.answers_until):
            raise ValidationError({"answers_until": _("Fill in both times, or neither.")})
        if self.answers_from and self.answers_until and self.answers_from >= self.answers_until:
            raise ValidationError({"answers_until": _("The end must be after the beginning.")})


class CannedAnswer(models.Model):
    """A ready text that a person chooses, changes and sends."""

    title = models.CharField(_("title"), max_length=40, unique=True)
    text = MessageField(_("text"), max_length=500)
    archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        verbose_name = _("canned answer")
        verbose_name_plural = _("canned answers")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title
