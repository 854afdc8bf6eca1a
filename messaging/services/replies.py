"""What customers write back: kept, matched, and obeyed when it says stop."""

from collections.abc import Sequence

from django.utils import timezone

from messaging.gateway import reasons
from messaging.gateway.types import ReceiptEvent, ReplyEvent
from messaging.hooks import reply_arrived
from messaging.models import Reply, Suppression, VendorAccount
from messaging.services import keywords, newest, suppressing

# Not the question mark: who asks about opting out has not done it.
_EDGES = " \t\r\n\u3000。.!！,，;；“”\"'[]【】"
OPT_OUT_WORDS = frozenset({"R", "T", "TD", "退订", "取消", "拒收"})


def is_opt_out(content: str) -> bool:
    """R, r, Ｒ, T, TD, 退订, 取消, alone or with blanks and end punctuation around; never a word inside a sentence."""
    return keywords.plain(content, _EDGES) in OPT_OUT_WORDS


def store(account: VendorAccount, event: ReplyEvent) -> bool:
    """Keep one reply and act on an opt-out at once. False for a repeat, which changes nothing."""
    at = event.at or timezone.now()
    opt_out = is_opt_out(event.content)
    delivery = newest.delivery_for(account, event.phone, at, event.reference, event.task_id)
    reply, created = Reply.objects.get_or_create(
        account=account,
        key=event.key[:200],
        defaults={
            "phone": event.phone[:20],
            "content": event.content,
            "is_opt_out": opt_out,
            "delivery": delivery,
            "state": Reply.State.AUTO if opt_out else Reply.State.NEW,
            "task_id": event.task_id[:80],
            "reference": event.reference[:64],
            "replied_at": at,
        },
    )
    if not created:
        return False
    if opt_out:
        suppressing.suppress_by_reply(reply)
    else:
        keywords.apply(reply)
    reply_arrived.send(sender=Reply, reply=reply)
    return True


def suppress_unsubscribed(account: VendorAccount, events: Sequence[ReceiptEvent]) -> None:
    """A receipt that says "this person opted out at the vendor" is an opt-out too."""
    for event in events:
        if event.reason == reasons.OPTED_OUT and event.phone:
            suppressing.suppress(
                event.phone,
                scope="account",
                account=account,
                source=Suppression.Source.VENDOR,
                note=f"{event.code} {event.message}".strip()[:200],
            )
