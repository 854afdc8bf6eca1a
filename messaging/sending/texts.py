"""Free texts to a list, each person's own where it has variables: for vendors that take a text without an audit."""

from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists
from django.utils.translation import gettext as _

from kit import audit
from kit.line_breaks import unified
from messaging import hooks
from messaging.audit_actions import AuditAction
from messaging.eligibility import cap, exclude
from messaging.gateway.registry import vendor_class
from messaging.models import Batch, Delivery, Dispatch, SendingPolicy, Signature, VendorAccount
from messaging.sending import dispatches
from templates_5g.blocks.variables import fill, names_in

MOST = 10_000
Row = tuple[str, Mapping[str, str]]


def send_texts(
    text: str,
    rows: Sequence[Row],
    account: VendorAccount,
    *,
    signature: Signature | None,
    title: str,
    options: Mapping[str, Any] | None = None,
    purpose: str = "notice",
    actor: Any = None,
) -> Dispatch:
    """One round to these (phone, variables). Who is suppressed or over the cap, and for marketing who has given no consent, is
    stored as not sent; marketing waits for its window. Raises ValidationError for a vendor
    that takes no free text, a number that stands twice, a missing variable, or too many rows."""
    rows = [(phone, {name: unified(value) for name, value in values.items()}) for phone, values in rows]
    _check(text, rows, account)
    policy, is_marketing = SendingPolicy.current(), purpose == "marketing"
    window = policy.window_for(purpose) if is_marketing else None
    with transaction.atomic():
        dispatch = Dispatch.objects.create(
            title=title[:120],
            source=_("Free text"),
            text=text,
            account=account,
            signature=signature,
            purpose=purpose,
            queue="notice" if purpose == "notice" else "bulk",
            window_from=window.opens if window else None,
            window_until=window.closes if window else None,
            holidays=policy.holidays_for(purpose),
            options=dict(options or {}),
            total=len(rows),
            created_by=actor,
        )
        _lay_out(dispatch, rows)
        _skip(dispatch, _without_consent([phone for phone, _values in rows]) if is_marketing else frozenset())
        audit.record(AuditAction.TEXTS_SENT, actor=actor, target=dispatch, detail={"people": len(rows), "title": title})
        dispatches.start(dispatch, actor)
    return dispatch


def _check(text: str, rows: Sequence[Row], account: VendorAccount) -> None:
    if not vendor_class(account.vendor).capabilities.can_answer:
        raise ValidationError(_("This account takes no text without a reviewed template."))
    if not 1 <= len(rows) <= MOST:
        raise ValidationError(_("A free text goes to 1 to %(most)s numbers.") % {"most": MOST})
    if len({phone for phone, _values in rows}) < len(rows):
        raise ValidationError(_("A number stands twice in the list."))
    missing = [name for name in names_in(text) if any(not values.get(name) for _phone, values in rows)]
    if missing:
        raise ValidationError(_("Give a value for: %(names)s.") % {"names": ", ".join(missing)})


def _lay_out(dispatch: Dispatch, rows: Sequence[Row]) -> None:
    """Batches of what the vendor takes in one request, equal texts together where it has one text for all."""
    capabilities = vendor_class(dispatch.account.vendor).capabilities
    size = max(1, min(dispatch.account.batch_size, capabilities.max_batch))

    def own_text(row: Row) -> str:
        return fill(dispatch.text, row[1]) if capabilities.per_text else ""

    number = 0
    for own, group in groupby(sorted(rows, key=lambda row: (own_text(row), row[0])), key=own_text):
        while part := list(islice(group, size)):
            number += 1
            _store(dispatch, number, own, part)


def _store(dispatch: Dispatch, number: int, text: str, rows: Sequence[Row]) -> None:
    batch = Batch.objects.create(dispatch=dispatch, account=dispatch.account, number=number, size=len(rows), text=text)
    Delivery.objects.bulk_create(
        Delivery(
            dispatch=dispatch,
            batch=batch,
            run=dispatch.run,
            leg=dispatch.leg,
            phone=phone,
            variables=dict(values),
        )
        for phone, values in rows
    )


def _without_consent(phones: Sequence[str]) -> frozenset[str]:
    return hooks.without_consent[0](phones) if hooks.without_consent else frozenset()


def _skip(dispatch: Dispatch, without_consent: frozenset[str]) -> None:
    exclude.skip_those(Delivery.objects.filter(Exists(exclude.suppressed(dispatch)), dispatch=dispatch), "suppressed")
    batches = list(dispatch.batches.values_list("pk", flat=True))
    exclude.skip_phones(without_consent, batches, "no_consent")
    phones = dispatch.deliveries.filter(own_status__isnull=True).values_list("phone", flat=True)
    exclude.skip_phones(cap.over(list(phones), dispatch), batches, "over_cap")
