"""What a system may order through its tokens without a colleague's word: the same limits as a campaign's. Many small orders of
marketing count as one a day; notices, which go out one by one all day, are each judged alone, and limited in number."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from math import ceil

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.approvals import first_uses
from campaigns.approvals.reasons import Reason, above_limits
from campaigns.models import ApiToken, SystemNotices, SystemUse
from kit import display
from messaging.models import SendingPolicy
from templates_5g.models import TemplateVersion


class NeedsApproval(Exception):
    """Nothing was sent."""

    def __init__(self, found: Sequence[Reason]) -> None:
        super().__init__("；".join(one.sentence for one in found))
        self.found = found


class TooManyNotices(Exception):
    """Nothing was sent. `wait`: seconds until there is room again."""

    def __init__(self, sentence: str, wait: int) -> None:
        super().__init__(sentence)
        self.wait = wait


def take(token: ApiToken, version: TemplateVersion, people: int, cost: Decimal | None) -> None:
    """Count an order against the day, in its transaction; orders of one system and version wait for each other here. Raises
    NeedsApproval or TooManyNotices."""
    policy, marketing = SendingPolicy.current(), version.template.purpose == "marketing"
    if not marketing:
        _take_notices(policy, token.counted_as, people)
    SystemUse.objects.get_or_create(system=token.counted_as, version=version, day=timezone.localdate())
    use = SystemUse.objects.select_for_update().get(system=token.counted_as, version=version, day=timezone.localdate())
    use.people += people
    use.cost += cost or Decimal(0)
    found = above_limits(policy, people, cost)
    if marketing and not found:
        found = above_limits(policy, use.people, use.cost, "_today")
    if policy.approve_first_use and first_uses.is_new(version):
        found.append(Reason("first_use", {}))
    if found:
        raise NeedsApproval(found)
    use.save(update_fields=["people", "cost"])


def _take_notices(policy: SendingPolicy, system: str, people: int) -> None:
    """A notice is never held; what is too many is refused at once, with the time from which on it fits again."""
    now = timezone.localtime()
    hour, midnight = (
        now.replace(minute=0, second=0, microsecond=0),
        now.replace(hour=0, minute=0, second=0, microsecond=0),
    )
    SystemNotices.objects.get_or_create(system=system, hour=hour)
    row = SystemNotices.objects.select_for_update().get(system=system, hour=hour)
    today = SystemNotices.objects.filter(system=system, hour__gte=midnight).aggregate(n=Sum("people"))["n"] or 0
    limits = (
        (policy.api_notices_hour, row.people, hour + timedelta(hours=1), _("in this hour")),
        (policy.api_notices_day, today, midnight + timedelta(days=1), _("today")),
    )
    for limit, so_far, ends, when in reversed(limits):
        if limit is not None and so_far + people > limit:
            words = _(
                "This system has ordered %(so_far)s notices %(when)s, and with this order it would be more than %(limit)s. "
                "Nothing was sent; there is room again at %(at)s."
            )
            values = {
                "so_far": display.count(so_far),
                "when": when,
                "limit": display.count(limit),
                "at": f"{ends:%H:%M}",
            }
            raise TooManyNotices(words % values, max(1, ceil((ends - now).total_seconds())))
    row.people += people
    row.save(update_fields=["people"])


def forget_old() -> None:
    """What is counted by the hour is of no use after its day."""
    old = SystemNotices.objects.filter(hour__lt=timezone.now() - timedelta(days=2))
    if old.exists():
        old.delete()
