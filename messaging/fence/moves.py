"""Moving an installation to another database server, announced beforehand, so that the new one opens by itself."""

import secrets
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kit import audit, clock
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.fence import files, holds, identity
from messaging.fence.rules import Rule
from messaging.models import Batch, Fence, FenceHold
from messaging.states import BatchState


def _paper(fence: Fence) -> Path:
    return files.folder(str(fence.key)) / "move"


def announce(actor: Actor = None) -> None:
    """Nothing is sent any more from here; a copy of the database on another server, with the files of FENCE_DIR, opens by
    itself. Raises ValidationError while something is on the wire, or where a server cannot be told from another."""
    if not identity.ask().system_identifier:
        raise ValidationError(_("This database does not say which server it is: a move needs no announcement."))
    if Batch.objects.filter(state__in=(BatchState.CLAIMED, BatchState.SENDING)).exists():
        raise ValidationError(
            _("Something is still being handed over. Stop the workers and wait a minute, then try again.")
        )
    if holds.everywhere() is not None:
        raise ValidationError(_("Sending is held already. Decide that first."))
    fence, nonce = identity.row(), secrets.token_hex(16)
    paper = _paper(fence)
    paper.parent.mkdir(parents=True, exist_ok=True)
    paper.write_text(nonce)
    with transaction.atomic():
        holds.hold(Rule.MOVING, {})
        Fence.objects.filter(pk=1).update(nonce=nonce)
        audit.record(AuditAction.MOVE_ANNOUNCED, actor=actor)


def call_off(actor: Actor = None) -> bool:
    """Stay where we are. False if no move was announced."""
    with transaction.atomic():
        done = holds.open_holds().filter(rule=Rule.MOVING).update(decided_at=clock.now())
        if done:
            Fence.objects.filter(pk=1).update(nonce="")
            audit.record(AuditAction.MOVE_CALLED_OFF, actor=actor)
    _paper(identity.row()).unlink(missing_ok=True)
    return bool(done)


def arrived(fence: Fence, hold: FenceHold) -> bool:
    """Whether this is where an announced move has ended: another server, with the word that both halves got. It is open then."""
    here = identity.ask()
    if hold.rule != Rule.MOVING or here.system_identifier in ("", fence.system_identifier) or not fence.nonce:
        return False
    paper = _paper(fence)
    if not paper.exists() or not secrets.compare_digest(paper.read_text(), fence.nonce):
        return False
    with transaction.atomic():
        Fence.objects.filter(pk=1).update(
            nonce="", system_identifier=here.system_identifier, timeline=here.timeline, next_timeline=None
        )
        FenceHold.objects.filter(pk=hold.pk).update(decided_at=clock.now(), decision={"arrived": True})
        audit.record(AuditAction.MOVE_ARRIVED, target=hold)
    paper.unlink()
    fence.refresh_from_db()
    return True
