"""What may go out when, what needs a colleague's approval, what a new campaign begins with."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any, Protocol

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

PERCENT = [MinValueValidator(Decimal("0.1")), MaxValueValidator(100)]
MOST_CANARY_MINUTES = 24 * 60
_DAYS = [MinValueValidator(1), MaxValueValidator(366)]


class _Windowed(Protocol):
    window_from: Any
    window_until: Any


@dataclass(frozen=True)
class SendingWindow:
    """From `opens` (included) until `closes` (excluded), Beijing time, every day. Where no window is, anything goes at any hour."""

    opens: time
    closes: time

    @classmethod
    def of(cls, row: _Windowed) -> "SendingWindow | None":
        """The window of a campaign or a dispatch; None for always."""
        return cls.between(row.window_from, row.window_until)

    @classmethod
    def between(cls, opens: time | None, closes: time | None) -> "SendingWindow | None":
        return None if opens is None or closes is None else cls(opens, closes)

    def holds(self, clock: time) -> bool:
        return self.opens <= clock < self.closes

    def covers(self, other: "SendingWindow") -> bool:
        return self.opens <= other.opens and other.closes <= self.closes

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{self.closes:%H:%M}"


class SendingPolicy(models.Model):
    """One row, key 1; `current()` gives the defaults while nobody has saved it. An empty limit does not limit. An empty
    window means always. `holidays` are ISO dates on which marketing waits. The stop limits are percentages."""

    approve_people = models.PositiveIntegerField(_("approval above people"), null=True, blank=True, default=20_000)
    approve_cost = models.DecimalField(
        _("approval above cost (yuan)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        default=Decimal(2000),
        validators=[MinValueValidator(0)],
    )
    approve_first_use = models.BooleanField(_("approval for the first use of a template"), default=True)
    approve_outside_hours = models.BooleanField(_("approval outside the hours below"), default=True)
    marketing_from = models.TimeField(_("marketing from"), null=True, blank=True, default=time(9, 0))
    marketing_until = models.TimeField(_("marketing until"), null=True, blank=True, default=time(20, 30))
    notice_from = models.TimeField(_("notice campaigns from"), null=True, blank=True, default=time(8, 0))
    notice_until = models.TimeField(_("notice campaigns until"), null=True, blank=True, default=time(22, 0))
    cap_count = models.PositiveSmallIntegerField(
        _("marketing: at most this many messages to one number"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    cap_days = models.PositiveSmallIntegerField(_("marketing: in so many days"), default=1, validators=_DAYS)
    notice_cap_count = models.PositiveSmallIntegerField(
        _("notices and answers: at most this many messages to one number"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    notice_cap_days = models.PositiveSmallIntegerField(
        _("notices and answers: in so many days"), default=1, validators=_DAYS
    )
    cap_tests = models.BooleanField(_("tests count and are capped as well"), default=False)
    tests_of_person = models.PositiveIntegerField(
        _("test messages of one person a day"), null=True, blank=True, default=100
    )
    tests_of_all = models.PositiveIntegerField(
        _("test messages of all people a day"), null=True, blank=True, default=500
    )
    api_notices_hour = models.PositiveIntegerField(
        _("notices of one system by API in an hour"), null=True, blank=True, default=20_000
    )
    api_notices_day = models.PositiveIntegerField(
        _("notices of one system by API in a day"), null=True, blank=True, default=100_000
    )
    holidays = models.JSONField(_("holidays"), default=list, blank=True)
    canary_percent = models.DecimalField(
        _("canary: percent"), max_digits=4, decimal_places=1, null=True, blank=True, validators=PERCENT
    )
    canary_minutes = models.PositiveSmallIntegerField(
        _("canary: minutes to watch"), default=30, validators=[MaxValueValidator(MOST_CANARY_MINUTES)]
    )
    stop_failed = models.DecimalField(
        _("stop above % not delivered"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        default=Decimal(10),
        validators=PERCENT,
    )
    stop_unknown = models.DecimalField(
        # xgettext:no-python-format
        _("stop above % unknown"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        default=Decimal(5),
        validators=PERCENT,
    )
    stop_opted_out = models.DecimalField(
        # xgettext:no-python-format
        _("stop above % opted out"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        default=Decimal(1),
        validators=PERCENT,
    )
    stop_results = models.PositiveIntegerField(
        _("results looked at"),
        default=500,
        validators=[MinValueValidator(50), MaxValueValidator(100_000)],
        help_text=_("While a campaign runs, the limits are held against so many of its latest results."),
    )
    type_above = models.PositiveIntegerField(
        _("type the number above people"),
        default=1000,
        help_text=_("Above this many people the number has to be typed before a start."),
    )

    same_content_days = models.PositiveSmallIntegerField(
        _("marketing: days in which the same content to the same people is asked about"),
        default=7,
        validators=[MaxValueValidator(366)],
    )
    notice_same_content_days = models.PositiveSmallIntegerField(
        _("notices: days in which the same content to the same people is asked about"),
        default=1,
        validators=[MaxValueValidator(366)],
    )

    class Meta:
        verbose_name = _("sending policy")
        verbose_name_plural = _("sending policy")
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> "SendingPolicy":
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    def window_for(self, purpose: str) -> SendingWindow | None:
        """The daily window of a class, None for always."""
        opens, closes = (
            (self.marketing_from, self.marketing_until)
            if purpose == "marketing"
            else (self.notice_from, self.notice_until)
        )
        return SendingWindow.between(opens, closes)

    def cap_for(self, purpose: str, *, is_test: bool = False) -> tuple[int | None, int]:
        """(messages, days) that one number may get of a class; without a number, any."""
        if is_test and not self.cap_tests:
            return None, self.cap_days
        if purpose == "marketing":
            return self.cap_count, self.cap_days
        return self.notice_cap_count, self.notice_cap_days

    def same_content_days_for(self, purpose: str) -> int:
        """In how many days the same content to the same people is asked about; 0: it is not."""
        return self.same_content_days if purpose == "marketing" else self.notice_same_content_days

    def holidays_for(self, purpose: str) -> list[str]:
        """ISO dates from today on that a class waits out."""
        return list(self.holidays) if purpose == "marketing" else []


def as_dates(holidays: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in holidays)
