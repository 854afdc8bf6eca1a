"""Who of an audience gets it: what a campaign says, as values that SQL can ask."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from math import ceil
from uuid import UUID

from django.utils import timezone

from campaigns.models import AudienceImport, Campaign
from campaigns.states import ImportState
from kit import sql
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Capabilities
from messaging.models import SendingPolicy
from messaging.models.policy import as_dates
from templates_5g.blocks.variables import fill, names_of
from templates_5g.fallback import segments, signature_length, signed

LONGEST_VARIABLE = 200
# Kinds whose content is a text that a vendor with one text for each request gets filled.
_TEXT_KINDS = ("text", "sms")


@dataclass(frozen=True)
class AudienceQuery:
    """All that decides about a member. `imports` are the confirmed files; `consented` says whether consent is proven or
    not needed; an empty `operators` means any. `caps` (two at most) and `lately_since` count what was, or may have been, handed
    over since then, in other runs."""

    audience: int
    imports: Sequence[int]
    run: UUID
    account: int
    signature: int
    consented: bool = True
    # A consent of a later day than `today` is none. Some file has each number's own consent; `named_source`: the audience says
    # where consents of no named source come from.
    today: date = date.max
    own_consent: bool = False
    named_source: bool = False
    # (messages, since when): the campaign's own cap and the policy's, both of messages of this purpose.
    purpose: str = "marketing"
    caps: Sequence[tuple[int, datetime]] = ()
    template: int | None = None
    lately_since: datetime | None = None
    operators: Sequence[str] = ()
    variables: Sequence[str] = ()
    longest_variable: int = 200
    # The text that each person's own is filled from: "" where one request may hold different people's.
    text: str = ""
    # The SMS whose billable units are summed, with what is put in front of it.
    sms: str = ""
    sms_extra: int = 0
    # Only who falls into [from, to) of a hundred parts, cut by a hash of the number and `seed`; and only whom `only` allows:
    # a condition on m.
    share: tuple[int, int] | None = None
    seed: int = 0
    only: sql.Fragment | None = None
    # So many of those to be sent to, drawn by the same hash, get the first batches to themselves.
    canary: int = 0


def variants(campaign: Campaign) -> list[Campaign]:
    """The campaign as it is; or, where two versions are compared, a copy for each with its part of the people."""
    if campaign.version_b is None:
        return [campaign]
    first, second = copy.copy(campaign), copy.copy(campaign)
    first.share = (campaign.share_b, 100)
    second.version, second.share = campaign.version_b, (0, campaign.share_b)
    first.per_second, second.per_second = (
        _shared_rate(campaign, 100 - campaign.share_b),
        _shared_rate(campaign, campaign.share_b),
    )
    return [first, second]


def _shared_rate(campaign: Campaign, percent: int) -> Decimal | None:
    """A version's part of the campaign's own ceiling, so that both together keep it."""
    if campaign.per_second is None:
        return None
    part = (Decimal(campaign.per_second) * percent / 100).quantize(Decimal("0.01"), ROUND_DOWN)
    return max(part, Decimal("0.01"))


def fallback_of(campaign: Campaign) -> Campaign | None:
    """The campaign as it goes out once more after a final failure; None where it does not."""
    if campaign.fallback_account is None:
        return None
    fallback = copy.copy(campaign)
    fallback.account = campaign.fallback_account
    fallback.version = campaign.fallback_version or campaign.version
    fallback.chatbot, fallback.options = None, {}
    return fallback


def people_per_second(campaign: Campaign) -> float:
    """People a second: the account's rate, or the campaign's own where that is lower."""
    own = campaign.per_second
    return float(min(campaign.account.per_second, own) if own else campaign.account.per_second)


def holidays_of(campaign: Campaign) -> list[str]:
    return SendingPolicy.current().holidays_for(campaign.version.template.purpose)


def closed_days(campaign: Campaign) -> frozenset[date]:
    return as_dates(holidays_of(campaign))


def canary_of(campaign: Campaign, people: int) -> int:
    """How many of `people` go first: 0 without a canary, or where it would be everybody."""
    if campaign.canary_people:
        wanted = campaign.canary_people
    elif campaign.canary_percent:
        wanted = ceil(people * campaign.canary_percent / 100)
    else:
        return 0
    return wanted if wanted < people else 0


def capabilities_of(campaign: Campaign) -> Capabilities:
    return vendor_class(campaign.account.vendor).capabilities


def batch_size(campaign: Campaign) -> int:
    """At least 1, also for an account that cannot send: that is an obstacle of its own."""
    return int(max(1, min(campaign.account.batch_size, capabilities_of(campaign).max_batch)))


def confirmed_imports(campaign: Campaign) -> list[int]:
    done = campaign.audience.imports.filter(state=ImportState.DONE)
    return list(done.order_by("pk").values_list("pk", flat=True))


def _has_own_consents(imports: Sequence[int]) -> bool:
    mappings = AudienceImport.objects.filter(pk__in=imports).values_list("mapping", flat=True)
    return any("consent_on" in mapping for mapping in mappings)


def query_for(campaign: Campaign, now: datetime, imports: Sequence[int]) -> AudienceQuery:
    """`imports` are the files that count: those confirmed at the check, so that a later file changes nothing."""
    audience, version = campaign.audience, campaign.version
    sms = sms_text(campaign)
    return AudienceQuery(
        audience=audience.pk,
        imports=imports,
        run=campaign.run,
        account=campaign.account_id,
        signature=campaign.signature_id,
        consented=not campaign.needs_consent or audience.has_consent(timezone.localdate(now)),
        today=timezone.localdate(now),
        own_consent=campaign.needs_consent and _has_own_consents(imports),
        named_source=bool(audience.consent_source),
        purpose=version.template.purpose,
        caps=[(count, now - timedelta(days=days)) for count, days in caps_of(campaign)],
        template=version.template_id if campaign.skip_same_days else None,
        lately_since=now - timedelta(days=campaign.skip_same_days) if campaign.skip_same_days else None,
        operators=campaign.operators,
        share=campaign.share,
        seed=campaign.pk or 0,
        variables=names_of(version.content, version.fallback),
        longest_variable=LONGEST_VARIABLE,
        text=own_text(campaign),
        sms=sms,
        sms_extra=signature_length(sms, campaign.signature.text) if sms else 0,
    )


def caps_of(campaign: Campaign) -> list[tuple[int, int]]:
    """(messages, days) of the campaign's own cap, which is of marketing alone, and of the policy's."""
    purpose = campaign.version.template.purpose
    own = (campaign.cap_count if purpose == "marketing" else None, campaign.cap_days)
    given = (own, SendingPolicy.current().cap_for(purpose))
    return list(dict.fromkeys((count, days) for count, days in given if count))


def own_text(campaign: Campaign) -> str:
    """The text that is filled for each person and cuts the requests; "" where a request may hold different people's."""
    version = campaign.version
    if not capabilities_of(campaign).per_text or version.kind not in _TEXT_KINDS:
        return ""
    return str(version.content.get("text", ""))


def sms_text(campaign: Campaign) -> str:
    """The SMS that may go out: the message itself, or the fallback where the vendor does it."""
    version = campaign.version
    if version.kind == "sms":
        return str(version.content.get("text", ""))
    part = (version.fallback or {}).get("sms")
    return str(part["text"]) if part and "sms" in capabilities_of(campaign).fallback_parts else ""


def sms_units(campaign: Campaign, people: Iterable[Mapping[str, str]]) -> int:
    """Billable units of the SMS that may go out to these people, given by their variables; 0 without one."""
    text = sms_text(campaign)
    if not text:
        return 0
    return sum(segments(signed(fill(text, values), campaign.signature.text)) for values in people)
