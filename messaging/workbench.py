"""What messaging shows outside of its own pages: the menu, the to-do list of the home page."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, Sum
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kit import display, menu, workbench
from kit.workbench import Todo
from messaging.events import set_aside
from messaging.models import Batch, Receipt, Reply, Signature, TemplateReview, VendorAccount
from messaging.reviews import status
from messaging.sentences import SENTENCES
from messaging.states import AccountStatus, BatchState, ReviewStatus

FEW = 5
MOST_COUNTED = 1000
REPLIES_LOOKED_AT = 2000
EXPIRES_SOON = timedelta(days=7)
EXPIRED_SHOWN = timedelta(days=7)
FILING_ENDS_SOON = timedelta(days=30)


def register() -> None:
    """Called once, when the app is ready."""
    menu.page(
        "content",
        gettext_lazy("Review states"),
        "admin:messaging_templatereview_matrix",
        "messaging.view_templatereview",
        after="templates_5g.mediaasset",
    )
    menu.page(
        "send",
        gettext_lazy("Unknown outcomes"),
        "admin:unknown_outcomes",
        ("messaging.view_batch", "messaging.change_batch"),
        after="messaging.dispatch",
        count=_unknown_batches,
    )
    menu.page(
        "customers", gettext_lazy("Number look-up"), "admin:phone_lookup", "messaging.look_up_delivery", after="first"
    )
    menu.page(
        "send",
        gettext_lazy("Stop all sending"),
        "admin:stop_sending",
        "messaging.stop_sending",
        after="messaging.dispatch",
    )
    menu.page("settings", gettext_lazy("Run status"), "admin:run_status", "messaging.test_vendoraccount")
    menu.page("settings", gettext_lazy("Restore fence"), "admin:fence", "messaging.decide_fence")
    menu.counter("messaging.Reply", _unread)
    workbench.panel(support, rank=-10)
    workbench.panel(today, rank=40)
    for function in (
        unknown_outcomes,
        unknown_reviews,
        rejected_reviews,
        expiring_reviews,
        expiring_filings,
        stopped_accounts,
        pushes_set_aside,
        low_balances,
        unread_replies,
        unmatched,
    ):
        workbench.todo(function)


def _midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _opt_outs_today() -> int:
    """From the index that holds opt-outs alone."""
    return Reply.objects.filter(is_opt_out=True, replied_at__gte=_midnight())[:MOST_COUNTED].count()


def _is_support(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("messaging.change_reply"))


def support(request: HttpRequest) -> str:
    """For those who answer customers: a large search, and what waits for them."""
    if not _is_support(request):
        return ""
    mine = Reply.objects.filter(state=Reply.State.ASSIGNED, assigned_to=request.user.pk)
    context = {
        "unread": _unread(request),
        "mine": mine[:MOST_COUNTED].count(),
        "opt_outs": _opt_outs_today(),
        "most": MOST_COUNTED,
        "inbox": reverse("admin:messaging_reply_changelist"),
    }
    return render_to_string("messaging/support_today.html", context, request)


def today(request: HttpRequest) -> str:
    """Today's figures, for those whose work is about sending. From batch counters, no count over people."""
    if not request.user.has_perm("campaigns.view_campaign") or _only_support(request):
        return ""
    start = _midnight()
    columns = ("size", "n_delivered", "n_read", "n_failed", "n_no_receipt", "n_rejected", "n_skipped")
    sums = Batch.objects.filter(submitted_at__gte=start).aggregate(**{name: Sum(name) for name in columns})
    n = {name: value or 0 for name, value in sums.items()}
    arrived = n["n_delivered"] + n["n_read"]
    settled = arrived + n["n_failed"] + n["n_no_receipt"]
    context = {
        "handed_over": n["size"] - n["n_rejected"] - n["n_skipped"],
        "arrived": arrived,
        "settled": settled,
        "waiting": n["size"] - settled - n["n_rejected"] - n["n_skipped"],
        **_replies_today(start),
        "opt_outs": _opt_outs_today(),
        "opt_outs_url": reverse("admin:messaging_reply_changelist") + "?box=opt_out",
        "may_see_replies": request.user.has_perm("messaging.view_reply"),
    }
    return render_to_string("messaging/today.html", context)


def _replies_today(start: datetime) -> dict[str, Any]:
    """Among the newest so many: there is no index by time alone, and a day has fewer."""
    newest = list(Reply.objects.order_by("-id").values_list("replied_at", flat=True)[:REPLIES_LOOKED_AT])
    today = sum(at >= start for at in newest)
    return {"replies": today, "more_replies": today == REPLIES_LOOKED_AT}


def _only_support(request: HttpRequest) -> bool:
    """Who answers customers and neither sends nor looks after accounts has figures of his own."""
    sends = ("campaigns.send_campaign", "messaging.view_vendoraccount")
    return _is_support(request) and not any(request.user.has_perm(permission) for permission in sends)


def _unknown_batches(request: HttpRequest) -> int:
    return Batch.objects.filter(state=BatchState.UNKNOWN).count()


def _unread(request: HttpRequest) -> int | None:
    """The index holds the unread alone. Not counted for those who cannot act on them."""
    if not request.user.has_perm("messaging.change_reply"):
        return None
    return Reply.objects.filter(state=Reply.State.NEW)[:MOST_COUNTED].count()


def unknown_outcomes(request: HttpRequest) -> Iterator[Todo]:
    if not request.user.has_perm("messaging.change_batch"):
        return
    found = Batch.objects.filter(state=BatchState.UNKNOWN).aggregate(people=Sum("size"), oldest=Min("claimed_at"))
    if found["people"]:
        count = _unknown_batches(request)
        text = ngettext("%(n)s batch, %(people)s people", "%(n)s batches, %(people)s people", count)
        age = _("the oldest for %(time)s") % {"time": display.duration(found["oldest"])}
        line = text % {"n": display.count(count), "people": display.count(found["people"])}
        url = reverse("admin:unknown_outcomes")
        words = _("%(batches)s, %(age)s") % {"batches": line, "age": age}
        yield Todo(_("Unknown outcomes"), words, url, _("Settle"), count=count, rank=10)


def rejected_reviews(request: HttpRequest) -> Iterator[Todo]:
    if not request.user.has_perm("messaging.submit_templatereview"):
        return
    rejected = TemplateReview.objects.filter(status.STANDING, status=ReviewStatus.REJECTED)
    for review in rejected.select_related("version__template", "account").order_by("-decided_at")[:FEW]:
        text = f"{review.version} · {review.account}: {review.vendor_message}".rstrip(": ")
        url = reverse("admin:messaging_templatereview_change", args=[review.pk])
        yield Todo(_("Template rejected"), text, url, _("See why"), rank=20)


def unknown_reviews(request: HttpRequest) -> Iterator[Todo]:
    """Submissions of which nobody knows whether they arrived: a person looks at the vendor and decides."""
    if not request.user.has_perm("messaging.submit_templatereview"):
        return
    unknown = TemplateReview.objects.filter(status.STANDING, status=ReviewStatus.UNKNOWN)
    for review in unknown.select_related("version__template", "account").order_by("submitted_at")[:FEW]:
        text = f"{review.version} · {review.account}"
        url = reverse("admin:messaging_templatereview_change", args=[review.pk])
        yield Todo(_("Unknown whether submitted"), text, url, _("Settle"), rank=18)


def expiring_reviews(request: HttpRequest) -> Iterator[Todo]:
    """Approvals at vendors that end within a week and that nothing renews yet, the soonest first. Those that ended count a
    week longer."""
    if not request.user.has_perm("messaging.submit_templatereview"):
        return
    now = timezone.now()
    reviews = TemplateReview.objects.filter(
        live=True,
        status=ReviewStatus.APPROVED,
        approved_until__gt=now - EXPIRED_SHOWN,
        approved_until__lt=now + EXPIRES_SOON,
        version__template__archived_at__isnull=True,
    )
    under_way = TemplateReview.objects.filter(
        renewal=True,
        status__in=(ReviewStatus.SUBMITTING, ReviewStatus.WAITING, ReviewStatus.UNKNOWN),
        version=OuterRef("version"),
        account=OuterRef("account"),
        part=OuterRef("part"),
    )
    reviews = reviews.exclude(Exists(under_way))
    for review in reviews.select_related("version__template", "account").order_by("approved_until")[:FEW]:
        text = f"{review.version} · {review.account} · {status.note_of(review)}"
        url = reverse("admin:messaging_templatereview_change", args=[review.pk])
        yield Todo(_("Approval ends"), text, url, _("Renew"), rank=25)


def expiring_filings(request: HttpRequest) -> Iterator[Todo]:
    """Signatures whose filing at the carriers ends within a month."""
    if not request.user.has_perm("messaging.change_signature"):
        return
    soon = timezone.localdate() + FILING_ENDS_SOON
    for signature in Signature.objects.filter(expires_on__lt=soon).order_by("expires_on")[:FEW]:
        text = f"{signature} · {_until(signature.expires_on)}"
        url = reverse("admin:messaging_signature_change", args=[signature.pk])
        yield Todo(_("Filing ends"), text, url, _("Renew"), rank=35)


def _until(moment: Any) -> str:
    return _("until %(day)s") % {"day": display.day(moment)}


def stopped_accounts(request: HttpRequest) -> Iterator[Todo]:
    if not request.user.has_perm("messaging.view_vendoraccount"):
        return
    for account in VendorAccount.objects.filter(status=AccountStatus.STOPPED)[:FEW]:
        sentence = SENTENCES.get(account.stop_reason)
        text = f"{account}: {sentence.what if sentence else account.stop_reason}"
        url = reverse("admin:messaging_vendoraccount_change", args=[account.pk])
        yield Todo(_("Account stopped"), text, url, _("Mend"), rank=5)


def low_balances(request: HttpRequest) -> Iterator[Todo]:
    if not request.user.has_perm("messaging.view_vendoraccount"):
        return
    for account in VendorAccount.objects.filter(balance__lt=F("low_balance"))[:FEW]:
        text = _("%(account)s has %(n)s left") % {"account": account, "n": f"{(account.balance or 0):,.2f}"}
        url = reverse("admin:messaging_vendoraccount_change", args=[account.pk])
        yield Todo(_("Balance low"), text, url, _("See the account"), rank=30)


def unread_replies(request: HttpRequest) -> Iterator[Todo]:
    if not request.user.has_perm("messaging.change_reply"):
        return
    count = Reply.objects.filter(state=Reply.State.NEW)[: MOST_COUNTED + 1].count()
    if count:
        shown = display.count(count) if count <= MOST_COUNTED else f"{MOST_COUNTED:,}+"
        text = ngettext("%(n)s reply", "%(n)s replies", count) % {"n": shown}
        url = reverse("admin:messaging_reply_changelist") + "?box=new"
        yield Todo(_("Unread replies"), text, url, _("Open the inbox"), count=count, rank=15)


def pushes_set_aside(request: HttpRequest) -> Iterator[Todo]:
    if not request.user.has_perm("messaging.change_callbackevent"):
        return
    count = set_aside.waiting()[: MOST_COUNTED + 1].count()
    if count:
        shown = display.count(count) if count <= MOST_COUNTED else f"{MOST_COUNTED:,}+"
        text = ngettext("%(n)s push of a vendor", "%(n)s pushes of vendors", count) % {"n": shown}
        url = reverse("admin:messaging_callbackevent_changelist")
        yield Todo(_("Pushes that could not be applied"), text, url, _("Look"), count=count, rank=8)


def unmatched(request: HttpRequest) -> Iterator[Todo]:
    if not request.user.has_perm("messaging.change_receipt"):
        return
    count = Receipt.objects.filter(state=Receipt.State.UNMATCHED)[:1001].count()
    if count:
        shown = display.count(count) if count <= 1000 else "1,000+"
        text = ngettext("%(n)s receipt", "%(n)s receipts", count) % {"n": shown}
        url = reverse("admin:messaging_receipt_changelist")
        yield Todo(_("Unmatched receipts"), text, url, _("Look"), rank=60)
