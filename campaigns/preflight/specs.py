"""What a campaign sends, as specs: one for each version, and one for its fallback."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from campaigns.models import Campaign
from kit.people import Actor
from kit.uuids import uuid7
from messaging.eligibility.cap import Cap
from messaging.models import Dispatch, SendingPolicy, SendingWindow
from messaging.models.policy import as_dates
from messaging.sending.spec import Canary, DispatchSpec, Limits, Message, Origin, Timing
from templates_5g.models import TemplateVersion

FALLBACK_LEG = "fallback-1"


@dataclass(frozen=True)
class Variant:
    """One version of a campaign. `share`: only who falls into [from, to) of a hundred parts, cut by a hash of the number."""

    spec: DispatchSpec
    share: tuple[int, int] | None = None

    @property
    def version(self) -> TemplateVersion:
        """A campaign sends no free texts."""
        version = self.spec.message.version
        if version is None:
            raise ValueError("a variant without a version")
        return version


def variants(campaign: Campaign) -> list[Variant]:
    """The main leg: the campaign as it is; or, where two versions are compared, each with its part of the people."""
    main = _spec(campaign)
    if campaign.version_b is None:
        return [Variant(main)]
    share, first, second = campaign.share_b, main, _with(main, version=campaign.version_b)
    return [
        Variant(_named(_slowed(first, 100 - share), f"{campaign.name} A"), (share, 100)),
        Variant(_named(_slowed(second, share), f"{campaign.name} B"), (0, share)),
    ]


def follow_up(campaign: Campaign, leg: str, title: str, send_until: datetime | None, actor: Actor) -> list[Variant]:
    """Another leg of the same versions, at once and without a canary."""
    return [
        replace(
            variant,
            spec=replace(
                variant.spec,
                origin=replace(variant.spec.origin, kind=Dispatch.Kind.RESEND, leg=leg, title=title, actor=actor),
                timing=replace(variant.spec.timing, start_at=None, send_until=send_until),
                limits=replace(variant.spec.limits, canary=None),
            ),
        )
        for variant in variants(campaign)
    ]


def fallback(campaign: Campaign, title: str = "") -> Variant | None:
    """Through the second account, once more after a final failure; None where the campaign has none."""
    if campaign.fallback_account is None:
        return None
    main = _spec(campaign)
    version = campaign.fallback_version or campaign.version
    other = _with(main, account=campaign.fallback_account, version=version, chatbot=None, options={})
    origin = replace(
        other.origin,
        kind=Dispatch.Kind.FALLBACK,
        leg=FALLBACK_LEG,
        title=title,
        purpose=version.template.purpose,
    )
    limits = replace(main.limits, canary=None, cap=_own_cap(campaign, version))
    timing = replace(main.timing, start_at=None, holidays=_holidays(version))
    return Variant(replace(other, origin=origin, limits=limits, timing=timing))


def _spec(campaign: Campaign) -> DispatchSpec:
    purpose = campaign.version.template.purpose
    canary = None
    if campaign.canary_people or campaign.canary_percent:
        canary = Canary(people=campaign.canary_people, percent=campaign.canary_percent, seed=seed(campaign))
    return DispatchSpec(
        message=Message(
            account=campaign.account,
            version=campaign.version,
            signature=campaign.signature,
            chatbot=campaign.chatbot,
            options=campaign.options,
        ),
        timing=Timing(
            start_at=campaign.start_at,
            send_until=campaign.send_until,
            window=SendingWindow.of(campaign),
            holidays=_holidays(campaign.version),
        ),
        limits=Limits(per_second=campaign.per_second, cap=_own_cap(campaign, campaign.version), canary=canary),
        origin=Origin(
            run_id=campaign.run_id or uuid7(),  # before the lay-out: one that nothing has
            kind=Dispatch.Kind.MAIN,
            title=campaign.name,
            source=str(campaign.audience),
            purpose=purpose,
            actor=campaign.confirmed_by,
        ),
    )


def seed(campaign: Campaign) -> int:
    """Of the draw for versions and canary: another one for each campaign."""
    return campaign.pk or 0


def _own_cap(campaign: Campaign, version: TemplateVersion) -> Cap | None:
    """A campaign's own cap is of marketing alone."""
    is_capped = campaign.cap_count and version.template.purpose == "marketing"
    return Cap(campaign.cap_count or 0, campaign.cap_days) if is_capped else None


def _holidays(version: TemplateVersion) -> list[str]:
    return SendingPolicy.current().holidays_for(version.template.purpose)


def closed_days(campaign: Campaign) -> frozenset[date]:
    return as_dates(_holidays(campaign.version))


def _with(spec: DispatchSpec, **of_message: Any) -> DispatchSpec:
    return replace(spec, message=replace(spec.message, **of_message))


def _named(spec: DispatchSpec, title: str) -> DispatchSpec:
    return replace(spec, origin=replace(spec.origin, title=title))


def _slowed(spec: DispatchSpec, percent: int) -> DispatchSpec:
    """A version's part of the campaign's own ceiling, so that both together keep it."""
    own = spec.limits.per_second
    if own is None:
        return spec
    part = (Decimal(own) * percent / 100).quantize(Decimal("0.01"), ROUND_DOWN)
    return replace(spec, limits=replace(spec.limits, per_second=max(part, Decimal("0.01"))))
