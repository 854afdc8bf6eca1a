"""Details of the audit trail in the words of the pages. They are stored by names of fields and by codes, so that they can be
read in either language; what is no code is shown as it was written."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField, DateTimeField, Field, TimeField
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from campaigns import badges
from campaigns.audit_actions import AuditAction
from campaigns.lifecycle import follow_ups
from campaigns.models import AuditEvent
from campaigns.reports.admin.reports import BY
from campaigns.sentences import STOPS
from campaigns.states import Scope, WebhookEvent
from kit import audit, display
from kit.labels import Label
from messaging import sentences
from messaging.audit_actions import AuditAction as MessagingAction
from messaging.badges import OUTCOME
from messaging.callbacks.admin.polls import INBOUND_TITLES
from messaging.fence import rules
from messaging.lookup.admin.lookup import RevealForm
from messaging.models import Dispatch, KeywordRule, Suppression
from messaging.reviews.admin.forms import PARTS
from templates_5g.models import MessageTemplate, TemplateVersion

MOST = 300  # characters of all details together in a list

# What each detail is called. Fields of the object itself need no entry: they have their names on their page.
LABELS: Mapping[str, Label] = {
    "account": _("vendor account"),
    "accounts": _("vendor accounts"),
    "action": _("action"),
    "added": _("added"),
    "address": _("address it came from"),
    "again": _("people who get the same content again"),
    "approval": _("approval"),
    "at_once": _("start as soon as it is confirmed, instead of the time that has passed"),
    "at_once_instead_of": _("started at once instead of"),
    "batches": _("batches"),
    "by": _("grouped by"),
    "bytes": _("size"),
    "characters": _("characters"),
    "cost": _("cost at most"),
    "count": _("number of them"),
    "delivery": _("number of the push"),
    "detail": _("vendor's own words"),
    "expires": _("ends"),
    "fields": _("fields"),
    "file": _("file"),
    "from": _("since"),
    "full_numbers": _("full numbers"),
    "groups": _("groups"),
    "holder": _("held by"),
    "instead_of": _("instead of"),
    "invalid": _("invalid numbers"),
    "kind": _("kind"),
    "kinds": _("kinds"),
    "left_out": _("left out"),
    "leg": _("leg"),
    "limit": _("limit"),
    "media": _("Media"),
    "name": _("name"),
    "networks": _("allowed addresses"),
    "not_delivered": _("not delivered"),
    "note": _("note"),
    "old_until": _("old one works until"),
    "old_works_days": _("days that the old address works"),
    "on_host": _("on the command line by"),
    "opt_outs": _("opt-outs of the lost time"),
    "outcome": _("outcome"),
    "part": _("part"),
    "parts": _("parts"),
    "people": _("people"),
    "permissions": _("permissions"),
    "phone": _("number"),
    "phones": _("numbers"),
    "purpose": _("purpose"),
    "reason": _("reason"),
    "renewed": _("renewed"),
    "reply": _("number of the reply"),
    "results": _("results"),
    "role": _("role"),
    "roles": _("roles"),
    "rows": _("rows"),
    "rule": _("reason"),
    "scope": _("scope"),
    "scopes": _("scopes"),
    "secrets_changed": _("credentials changed"),
    "sha256": _("fingerprint of the file"),
    "since": _("since"),
    "source": _("source"),
    "status": _("status"),
    "stopped": _("taken out of queues"),
    "stored": _("stored"),
    "tag": _("tag"),
    "title": _("title"),
    "to": _("to"),
    "token": _("API token"),
    "unknown": _("unknown outcome"),
    "until": _("until"),
    "url": _("address"),
    "vendor_template_id": _("template's number at the vendor"),
    "version": _("version"),
    "why": _("why"),
}

# What a held restore fence saw stands in one sentence, under "rule".
_EVIDENCE = frozenset(
    {"row", "here", "host", "file", "database", "hours", "reference", "absent", "from", "to", "account"}
)

# Values that are stored as codes and belong to no field of the object.
_CODES: dict[str, Mapping[str, Any]] = {
    "action": dict(KeywordRule.Action.choices),
    "by": dict(BY),
    "events": dict(WebhookEvent.choices),
    "groups": follow_ups.GROUPS,
    "kind": {**dict(TemplateVersion._meta.get_field("kind").flatchoices), **INBOUND_TITLES},
    "kinds": INBOUND_TITLES,
    "outcome": {key: word for key, (word, _role) in OUTCOME.items()},
    "part": PARTS,
    "parts": PARTS,
    "purpose": dict(MessageTemplate._meta.get_field("purpose").flatchoices),
    "renewed": PARTS,
    "scope": dict(Suppression.Scope.choices),
    "scopes": dict(Scope.choices),
    "source": dict(Suppression.Source.choices),
    "why": dict(RevealForm.Why.CHOICES),
}

_NUMBERED = ("approval", "reply", "version", "delivery")  # no amounts: without a comma
_TIMES = ("from", "until", "since", "old_until", "expires", "at_once_instead_of")
_CHANGES = ("name", "purpose")  # [before, after]


def in_one_line(event: AuditEvent) -> str:
    """All details in one line."""
    detail = event.detail
    if "rule" in detail:
        detail = {name: value for name, value in detail.items() if name not in _EVIDENCE}
    parts = [f"{label(event, name)}：{value_of(event, name)}" for name in detail if not _part_of_another(event, name)]
    line = " · ".join(parts)
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"


def label(event: AuditEvent, name: str) -> str:
    field = _field(event.target_type, name)
    return str(LABELS.get(name) or (field.verbose_name if field is not None else name))


def value_of(event: AuditEvent, name: str) -> str:
    value = event.detail[name]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(event, value)
    if isinstance(value, dict) and value.keys() == {"before", "after"}:
        return gettext("%(before)s → %(after)s") % {key: _word(event, name, one) for key, one in value.items()}
    if name in _CHANGES and isinstance(value, list) and len(value) == 2:
        before, after = (_word(event, name, one) for one in value)
        return before if before == after else gettext("%(before)s → %(after)s") % {"before": before, "after": after}
    return _word(event, name, value)


def _word(event: AuditEvent, name: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return "、".join(_word(event, name, one) for one in value) or pgettext("audit trail", "none")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value is None or value == "":
        return display.UNKNOWN
    if isinstance(value, int):
        return str(value) if name in _NUMBERED else display.count(value)
    if isinstance(value, str):
        return _of_code(event, name, value)
    return json.dumps(value, ensure_ascii=False)


def _of_code(event: AuditEvent, name: str, value: str) -> str:
    if name in audit.detail_words:
        return audit.detail_words[name](value)
    codes = _CODES.get(name, {})
    if value in codes:
        return str(codes[value])
    field = _field(event.target_type, name)
    choices = dict(getattr(field, "flatchoices", ()) or ())
    if value in choices:
        return str(choices[value])
    return _time(value, field) if name in _TIMES or isinstance(field, DateField | TimeField) else value


def _time(value: str, field: "Field[Any, Any] | None") -> str:
    try:
        if isinstance(field, TimeField):
            clock = parse_time(value)
            return f"{clock:%H:%M}" if clock else value
        if not isinstance(field, DateTimeField) and (date := parse_date(value)):
            return display.day(date)
        at = parse_datetime(value)
    except ValueError:
        return value
    if at is None:
        return value
    return display.to_the_minute(at if timezone.is_aware(at) else timezone.make_aware(at))


@cache
def _field(label: str, name: str) -> "Field[Any, Any] | None":
    """The object's field of this name, None where there is none."""
    try:
        field = apps.get_model(label)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None
    return field if isinstance(field, Field) else None


# --- details that are told in another way --------------------------------------------------------------------------


def _part_of_another(event: AuditEvent, name: str) -> bool:
    """The figures of a limit stand in its sentence."""
    return name == "detail" and event.detail.get("reason") in STOPS


def _reason(event: AuditEvent, value: object) -> str:
    """A code where the system itself stopped something, else what a person wrote."""
    if event.action not in _BY_ITSELF:
        return str(value) or display.UNKNOWN
    given = event.detail.get("detail")
    return badges.note(f"{value}|{given}" if given and value in STOPS else str(value))[0]


_BY_ITSELF = (
    MessagingAction.ACCOUNT_AUTO_STOPPED,
    MessagingAction.DISPATCH_AUTO_STOPPED,
    AuditAction.CAMPAIGN_CONTINUED,
)


def _counts(_event: AuditEvent, value: Any) -> str:
    if not isinstance(value, dict):
        return display.count(value)
    return "、".join(f"{sentences.label(reason)} {display.count(n)}" for reason, n in value.items()) or pgettext(
        "audit trail", "none"
    )


def _pairs(_event: AuditEvent, value: Any) -> str:
    return "、".join(f"{name} {given or display.UNKNOWN}" for name, given in value.items())


def _leg(_event: AuditEvent, value: object) -> str:
    kind, _dash, number = str(value).partition("-")
    words = {
        "resend": Dispatch.Kind.RESEND.label,
        "fallback": Dispatch.Kind.FALLBACK.label,
        "main": Dispatch.Kind.MAIN.label,
    }
    return f"{words[kind]} {number}".strip() if kind in words else str(value)


def _fields(event: AuditEvent, value: Any) -> str:
    return "、".join(label(event, name) for name in value)


_SPECIAL: dict[str, Callable[[AuditEvent, Any], str]] = {
    "bytes": lambda _event, value: filesizeformat(value),
    "cost": lambda _event, value: display.money(value),
    "fields": _fields,
    "left_out": _counts,
    "leg": _leg,
    "media": _pairs,
    "reason": _reason,
    "rule": lambda event, value: rules.sentence(value, event.detail),
    "secrets_changed": lambda _event, value: "、".join(map(gettext, value)) or pgettext("audit trail", "none"),
}
