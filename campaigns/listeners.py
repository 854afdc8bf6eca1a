"""What lower apps announce and campaigns act upon: the audit trail, dispatches that change, the tick."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from campaigns import signals as own_hooks
from campaigns import webhooks
from campaigns.api import idempotency, tokens
from campaigns.approvals import api_quota
from campaigns.audiences import consent, imports
from campaigns.lifecycle import steps
from campaigns.models import AuditEvent, Campaign
from campaigns.reports import daily_figures
from kit import audit, display, masks
from kit.people import Actor
from messaging import hooks
from messaging.models import Dispatch, FenceHold, Reply, TemplateReview


def keep(action: str, actor: Actor, target: Model | None, detail: Mapping[str, object], **_signal: object) -> None:
    """One row of the audit trail, in the transaction of what it tells of."""
    AuditEvent.objects.create(
        actor=actor if getattr(actor, "pk", None) else None,
        action=action,
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_name=masks.text(_name(target))[:160],
        detail=_hidden(detail),
    )


def _name(target: Model | None) -> str:
    if target is None:
        return ""
    return display.named(target) if isinstance(target, get_user_model()) else str(target)


def changes_of(target: Model, since: datetime) -> list[audit.Change]:
    """By the audit trail, and by Django's own log of its pages where that is all there is."""
    label, key = target._meta.label_lower, str(target.pk)
    kept = AuditEvent.objects.filter(target_type=label, target_id=key, at__gte=since, actor__isnull=False)
    kind = ContentType.objects.get_for_model(target)
    logged = LogEntry.objects.filter(content_type=kind, object_id=key, action_time__gte=since)
    return [
        *(audit.Change(display.person(one.actor), one.at) for one in kept.select_related("actor").order_by("-pk")[:20]),
        *(audit.Change(display.person(one.user), one.action_time) for one in logged.select_related("user")[:20]),
    ]


def _hidden(value: object) -> object:
    """Reasons and notes are free text: whoever reads the trail may not see the numbers in them."""
    if isinstance(value, dict):
        return {name: _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(inner) for inner in value]
    return masks.numbers(value) if isinstance(value, str) else value


def on_dispatch(dispatch: Dispatch, **_signal: object) -> None:
    steps.follow(dispatch)


def without_consent(phones: Collection[str]) -> frozenset[str]:
    return frozenset(consent.without(phones))


def on_tick(may_send: bool, may_ask: bool, **_signal: object) -> None:
    if may_send:
        steps.tick()
    imports.wake_stuck()
    imports.sweep_now_and_then()
    daily_figures.refresh()
    if may_ask:
        daily_figures.read_balances()
        webhooks.wake()
    idempotency.forget_old()
    api_quota.forget_old()
    webhooks.forget_old()


def on_fence_opened(hold: FenceHold, keep_scheduled: bool, actor: Actor, **_signal: object) -> None:
    if not keep_scheduled:
        steps.take_back_unlaid(hold.since, hold.account_id, actor)


def on_disarmed(**_signal: object) -> None:
    tokens.switch_all_off()
    webhooks.switch_all_off()


def on_deliveries(ids: Any, **_signal: object) -> None:
    webhooks.deliveries_updated(ids)


def on_reply(reply: Reply, **_signal: object) -> None:
    webhooks.reply_received(reply)


def on_review(review: TemplateReview, **_signal: object) -> None:
    webhooks.template_reviewed(review)


def on_finished(campaign: Campaign, **_signal: object) -> None:
    webhooks.campaign_finished(campaign)


def connect() -> None:
    hooks.without_consent[:] = [without_consent]
    audit.read_with(changes_of)
    audit.recorded.connect(keep, dispatch_uid="campaigns.audit")
    hooks.dispatch_changed.connect(on_dispatch, dispatch_uid="campaigns.dispatch")
    hooks.deliveries_moved.connect(on_deliveries, dispatch_uid="campaigns.deliveries")
    hooks.reply_arrived.connect(on_reply, dispatch_uid="campaigns.reply")
    hooks.review_decided.connect(on_review, dispatch_uid="campaigns.review")
    own_hooks.campaign_finished.connect(on_finished, dispatch_uid="campaigns.finished")
    hooks.ticked.connect(on_tick, dispatch_uid="campaigns.tick")
    hooks.fence_opened.connect(on_fence_opened, dispatch_uid="campaigns.fence_opened")
    hooks.disarmed.connect(on_disarmed, dispatch_uid="campaigns.disarmed")
