"""Free texts to a list, each person's own where it has variables: for vendors that take a text without an audit."""

from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, F
from django.utils.translation import gettext as _

from config.kit import audit
from config.kit.words import gettext_noop
from messaging.bulk.skipping import suppressed
from messaging.gateway.registry import vendor_class
from messaging.models import Batch, Delivery, Dispatch, Signature, VendorAccount
from messaging.services import dispatching
from messaging.states import Own
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
    actor: Any = None,
) -> Dispatch:
    """One round to these (phone, variables). Suppressed numbers are stored as not sent. Raises ValidationError for a vendor
    that takes no free text, a number that stands twice, a missing variable, or too many rows."""
    _check(text, rows, account)
    with transaction.atomic():
        dispatch = Dispatch.objects.create(
            title=title[:120],
            source=_("Free text"),
            text=text,
            account=account,
            signature=signature,
            purpose="notice",
            queue="notice",
            options=dict(options or {}),
            total=len(rows),
            created_by=actor,
        )
        _lay_out(dispatch, rows)
        _skip_suppressed(dispatch)
        audit.record(
            gettext_noop("Sent free texts"), actor=actor, target=dispatch, detail={"people": len(rows), "title": title}
        )
        dispatching.start(dispatch, actor)
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


def _skip_suppressed(dispatch: Dispatch) -> None:
    found = Delivery.objects.filter(Exists(suppressed(dispatch)), dispatch=dispatch)
    counts = dict(found.values_list("batch").annotate(n=Count("id")).order_by())
    found.update(own=Own.SKIPPED, reason="suppressed")
    for batch, count in counts.items():
        Batch.objects.filter(pk=batch).update(n_skipped=F("n_skipped") + count)
