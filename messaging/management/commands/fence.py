"""`manage.py fence status | decide | move`: what is in doubt after a restore, and what a person decides about it."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError

from kit.people import Actor
from messaging import fence
from messaging.eligibility import files
from messaging.fence import decisions, doubts, identity, listings, moves
from messaging.models import FenceHold, FenceMark, SuppressionImport

NOT_OPEN = 3  # exit status of `status` while sending is held


class Command(BaseCommand):
    help = (
        "After a restore, a promotion or a copy: say what is in doubt (status), decide it (decide), or announce a move to "
        "another database server (move)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True)
        status = commands.add_parser("status", help=f"what is held and why; exit status {NOT_OPEN} while anything is")
        status.add_argument("--json", action="store_true")
        self._decide(commands.add_parser("decide", help="decide what is in doubt; steps may come in several calls"))
        move = commands.add_parser("move", help="stop here, and go on by itself in a copy on another database server")
        move.add_argument("--call-off", action="store_true", help="stay here after all")
        _who(move)

    @staticmethod
    def _decide(parser: ArgumentParser) -> None:
        parser.add_argument("--hold", type=int, help="number of the hold; needed only while there are several")
        parser.add_argument(
            "--opt-outs", metavar="waive|FILE", help="a do-not-send file of the lost time, or «waive» to go on without"
        )
        parser.add_argument(
            "--sent-from", type=Path, metavar="FILE", help="numbers or references that the vendor has: these were sent"
        )
        parser.add_argument(
            "--queued", choices=("unknown", "let-go", "sent"), help="what becomes of all the rest that is in doubt"
        )
        parser.add_argument("--dispatches", default="", metavar="ID,ID", help="only these dispatches")
        parser.add_argument("--notices", choices=("let-go",), help="notices made since the hold go at once")
        parser.add_argument(
            "--scheduled", choices=("draft", "keep"), default="draft",
            help="confirmed campaigns that are not laid out yet: back to drafts (default), or left as they are",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true")
        _who(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['what']}_now")(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    # --- status --------------------------------------------------------------------------------------------------------

    def _status_now(self, options: Mapping[str, Any]) -> None:
        found = status()
        self._tell(found, options["json"])
        if found["holds"]:
            raise SystemExit(NOT_OPEN)

    def _tell(self, found: Mapping[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"Installation {found['installation'] or '-'}, mark {found['mark']}, life {found['life']}")
        for hold in found["holds"]:
            where = f" at {hold['account']}" if hold["account"] else ""
            self.stdout.write(
                f"HELD{where} since {hold['since']} (hold {hold['id']}, rule {hold['rule']}): {hold['why']}"
            )
            self.stdout.write(f"  opt-outs since {hold['lost_from'] or '?'}: {hold['opt_outs'] or 'not decided'}")
            for line in hold["dispatches"]:
                self.stdout.write(
                    f"  dispatch {line['id']} {line['title']} ({line['purpose']}, {line['account']}): "
                    f"{line['people']} people in {line['batches']} batches in doubt"
                )
            self.stdout.write(f"  waits for: {hold['waits_for'] or 'nothing'}")
        if not found["holds"]:
            self.stdout.write("Open: nothing is held.")

    # --- decide --------------------------------------------------------------------------------------------------------

    def _decide_now(self, options: Mapping[str, Any]) -> None:
        step = _Step(
            _hold(options["hold"]), _actor(options["by"]), options["reason"], _dispatches(options["dispatches"])
        )
        done: dict[str, Any] = {}
        if options["opt_outs"]:
            step.opt_outs(options["opt_outs"])
        if options["sent_from"]:
            done["sent"] = step.sent_from(options["sent_from"])
        if options["notices"]:
            decisions.free_notices(step.hold, step.actor, step.reason)
        if options["queued"]:
            done[options["queued"]] = step.queued(options["queued"])
        keep = options["scheduled"] == "keep"
        done["open"] = decisions.finish(step.hold, step.actor, step.reason, keep_scheduled=keep)
        found = {"hold": step.hold.pk, **done, "waits_for": decisions.waits_for(step.hold)}
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for name, value in found.items():
            self.stdout.write(f"{name}: {value}")

    # --- move ----------------------------------------------------------------------------------------------------------

    def _move_now(self, options: Mapping[str, Any]) -> None:
        if options["call_off"]:
            if not moves.call_off(_actor(options["by"])):
                raise CommandError("No move was announced.")
            self.stdout.write("The move is called off; sending goes on here.")
            return
        moves.announce(_actor(options["by"]))
        self.stdout.write(
            "Sending has stopped here. Copy the database to the other server and FENCE_DIR to each worker host, then start the "
            "workers there: they go on by themselves."
        )


@dataclass(frozen=True)
class _Step:
    hold: FenceHold
    actor: Actor
    reason: str
    dispatches: list[int] | None

    def opt_outs(self, how: str) -> None:
        imported, waived = FenceHold.OptOuts.IMPORTED, FenceHold.OptOuts.WAIVED
        if how != "waive":
            _import_opt_outs(Path(how), self.actor)
        decisions.opt_outs(self.hold, waived if how == "waive" else imported, self.actor, self.reason)

    def sent_from(self, path: Path) -> int:
        listing = listings.read(_text(path), self.hold)
        return decisions.mark_listed(self.hold, listing, self.actor, self.reason, self.dispatches)

    def queued(self, how: str) -> int:
        act = {"unknown": decisions.mark_unknown, "let-go": decisions.let_go, "sent": decisions.mark_all_sent}[how]
        return act(self.hold, self.actor, self.reason, self.dispatches)


def status() -> dict[str, Any]:
    """All of it as plain values."""
    row = identity.row()
    newest = FenceMark.objects.order_by("-beat_at").first()
    return {
        "open": not fence.open_holds().exists(),
        "installation": row.installation,
        "mark": row.mark,
        "life": row.life,
        "timeline": row.timeline,
        "last_beat": newest.beat_at.isoformat() if newest else None,
        "holds": [_hold_values(hold) for hold in fence.open_holds().select_related("account")],
    }


def _hold_values(hold: FenceHold) -> Mapping[str, object]:
    return {
        "id": hold.pk,
        "rule": hold.rule,
        "why": fence.sentence(hold.rule, hold.evidence),
        "account": hold.account.name if hold.account else None,
        "since": hold.since.isoformat(),
        "lost_from": hold.lost_from.isoformat() if hold.lost_from else None,
        "evidence": hold.evidence,
        "opt_outs": hold.opt_outs,
        "notices_free": hold.notices_free,
        "dispatches": [
            {
                "id": doubt.dispatch.pk,
                "title": doubt.dispatch.title,
                "purpose": doubt.dispatch.purpose,
                "state": doubt.dispatch.state,
                "account": doubt.dispatch.account.name,
                "batches": doubt.batches,
                "people": doubt.people,
            }
            for doubt in doubts.dispatches(hold)
        ],
        "unknown_batches": doubts.unknown(hold).count(),
        "waits_for": decisions.waits_for(hold),
    }


def _who(parser: ArgumentParser) -> None:
    parser.add_argument("--by", default="", metavar="USERNAME", help="who decides; stands in the audit trail")
    parser.add_argument("--reason", default="", help="why; stands in the audit trail")


def _actor(name: str) -> Any:
    if not name:
        return None
    found = get_user_model().objects.filter(username=name, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active person “{name}”.")
    return found


def _hold(number: int | None) -> FenceHold:
    found = list(fence.open_holds() if number is None else fence.open_holds().filter(pk=number))
    if not found:
        raise CommandError("Nothing is held." if number is None else f"Hold {number} is not open.")
    if len(found) > 1:
        raise CommandError(f"Several are open; choose one with --hold: {', '.join(str(hold.pk) for hold in found)}")
    return found[0]


def _dispatches(text: str) -> list[int] | None:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise CommandError(f"--dispatches takes numbers of dispatches, as in 12,13: {text}")
    return [int(part) for part in parts] or None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    return listings.decoded(data)


def _import_opt_outs(path: Path, actor: Actor) -> None:
    """Into the do-not-send list, for everything. Raises CommandError where the file is none."""
    try:
        upload = ContentFile(path.read_bytes(), name=path.name)
        scope: files.ListScope = {"scope": "all", "account": None, "signature": None}
        made = files.take_in(files.start(upload, scope, actor).pk)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    except files.ImportRefused as refusal:
        raise CommandError(f"{path} was not imported: {refusal}") from refusal
    if made.state != SuppressionImport.State.DONE:
        raise CommandError(f"{path} was not imported: {made.error}")
