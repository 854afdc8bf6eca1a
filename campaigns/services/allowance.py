"""What a token may order without a colleague's word: the same limits as a campaign's. Many small orders of marketing count as
one a day; notices, which go out one by one all day, are each judged alone."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import ApiToken, FirstUse, SendingRules, TokenUse
from campaigns.services import approving
from campaigns.states import ApprovalState
from config.kit import audit, show
from config.kit.words import gettext_noop
from messaging.models import Dispatch
from templates_5g.models import TemplateVersion
from templates_5g.services import freeze

_WORDS = {
    "people": gettext_lazy("more than %(limit)s people"),
    "cost": gettext_lazy("may cost more than %(limit)s"),
    "people_today": gettext_lazy("with today's orders of this version more than %(limit)s people"),
    "cost_today": gettext_lazy("with today's orders of this version may cost more than %(limit)s"),
    "first_use": gettext_lazy("this template version was never sent before"),
}


class NeedsApproval(Exception):
    """Nothing was sent. `found` is [(code, sentence)]."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        super().__init__("；".join(sentence for _code, sentence in found))
        self.found = found


def take(token: ApiToken, version: TemplateVersion, people: int, cost: Decimal | None) -> None:
    """Count an order against the day, in its transaction; orders of one token and version wait for each other here. Raises
    NeedsApproval."""
    rules, marketing = SendingRules.current(), version.template.purpose == "marketing"
    TokenUse.objects.get_or_create(token=token, version=version, day=timezone.localdate())
    use = TokenUse.objects.select_for_update().get(token=token, version=version, day=timezone.localdate())
    use.people += people
    use.cost += cost or Decimal(0)
    found = _above(rules, people, cost or Decimal(0), "")
    if marketing and not found:
        found = _above(rules, use.people, use.cost, "_today")
    if rules.approve_first_use and is_new(version):
        found.append(("first_use", str(_WORDS["first_use"])))
    if found:
        raise NeedsApproval(found)
    use.save(update_fields=["people", "cost"])


def _above(rules: SendingRules, people: int, cost: Decimal, suffix: str) -> list[tuple[str, str]]:
    found = []
    if rules.approve_people is not None and people > rules.approve_people:
        found.append(("people" + suffix, str(_WORDS["people" + suffix]) % {"limit": show.count(rules.approve_people)}))
    if rules.approve_cost is not None and cost > rules.approve_cost:
        found.append(("cost" + suffix, str(_WORDS["cost" + suffix]) % {"limit": show.money(rules.approve_cost)}))
    return found


def is_new(version: TemplateVersion) -> bool:
    """Never sent but in tests, and not approved for the API."""
    sent = Dispatch.objects.filter(version=version, started_at__isnull=False).exclude(kind=Dispatch.Kind.TEST)
    return not (sent.exists() or FirstUse.objects.filter(version=version, state=ApprovalState.GRANTED).exists())


@transaction.atomic
def ask(token: ApiToken, version: TemplateVersion) -> FirstUse:
    """After a refused first order: what the colleague decides on, once for each version, which is frozen by it. A later order
    of a version that was sent back asks no second time."""
    freeze(version)
    values = {"token": token, "asked_by": token.created_by}
    row, made = FirstUse.objects.get_or_create(version=version, defaults=values)
    if made:
        detail = {"token": token.name}
        audit.record(
            gettext_noop("Asked for a first use by API"), actor=token.created_by, target=version, detail=detail
        )
    return row


def is_own(row: FirstUse, user: Any) -> bool:
    """Who made the version, or for whom the token acts, does not decide."""
    return user.pk in (row.asked_by_id, row.version.created_by_id)


@transaction.atomic
def decide(row: FirstUse, actor: Any, *, grant: bool, reason: str = "") -> None:
    """A version that was sent back may be approved later. Raises approving.CannotDecide."""
    row = FirstUse.objects.select_for_update(of=("self",)).select_related("version__template").get(pk=row.pk)
    if is_own(row, actor):
        raise approving.CannotDecide(_("A colleague decides: neither who made the version nor who holds the token."))
    if row.state == ApprovalState.GRANTED:
        raise approving.CannotDecide(_("This request is no longer open."))
    if not grant and not reason.strip():
        raise approving.CannotDecide(_("Say what has to change."))
    row.state = ApprovalState.GRANTED if grant else ApprovalState.REFUSED
    row.decided_by, row.decided_at, row.reason = actor, timezone.now(), reason.strip()[:200]
    row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    words = gettext_noop("Approved a first use by API") if grant else gettext_noop("Sent a first use by API back")
    audit.record(words, actor=actor, target=row.version, detail={"reason": row.reason, "token": row.token.name})
