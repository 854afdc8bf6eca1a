"""Making, saving, locking, copying and archiving templates. Every change to a version goes through here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit
from kit.people import Actor
from templates_5g.audit_actions import AuditAction
from templates_5g.blocks import Content, Fallback
from templates_5g.blocks.checks import media_ids
from templates_5g.blocks.content import KINDS
from templates_5g.blocks.variables import names_of
from templates_5g.errors import NotPossible, StaleEdit
from templates_5g.inspection import read, require_sound
from templates_5g.models import MediaAsset, MediaUse, MessageTemplate, TemplateVersion
from templates_5g.selectors import asset_keys
from templates_5g.states import Purpose


@transaction.atomic
def create_template(
    name: str, purpose: str, content: Mapping[str, Any], fallback: Mapping[str, Any] | None, actor: Actor
) -> TemplateVersion:
    """A new template with a complete first version, not locked yet.

    Raises InvalidContent(problems) for a wrong shape, a broken hard limit or something missing; NotPossible for a bad
    name or one that is taken.
    """
    parsed, parsed_fallback = read(content, fallback)
    require_sound(parsed, parsed_fallback, purpose)
    return _first_version(name, purpose, parsed, parsed_fallback, actor)


@transaction.atomic
def start_template(name: str, purpose: str, kind: str, actor: Actor) -> TemplateVersion:
    """A new template with an empty draft of the given kind, to be filled in the editor. Raises NotPossible."""
    if kind not in KINDS:
        raise NotPossible(_("Choose a kind of message."))
    return _first_version(name, purpose, empty_content(kind), Fallback(), actor)


def empty_content(kind: str) -> Content:
    """What the editor opens with: a carousel starts with the two cards that it must have."""
    data: dict[str, Any] = {"kind": kind}
    if kind == "carousel":
        data["cards"] = [{}, {}]
    if kind == "mms":
        data["frames"] = [{}]
    return read(data, None)[0]


def _first_version(name: str, purpose: str, content: Content, fallback: Fallback, actor: Actor) -> TemplateVersion:
    name = usable_name(name)
    if purpose not in Purpose.values:
        raise NotPossible(_("Choose marketing or notice."))
    template = MessageTemplate.objects.create(name=name, purpose=purpose, created_by=actor)
    version = TemplateVersion(template=template, number=1, created_by=actor)
    _write(version, content, fallback, actor)
    version.save()
    _record_uses(version)
    audit.record(AuditAction.TEMPLATE_MADE, actor=actor, target=template, detail={"kind": content.kind})
    return version


def usable_name(name: str, template: MessageTemplate | None = None) -> str:
    """The name without blanks around it. Raises NotPossible if it is empty, too long or another template's."""
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise NotPossible(_("A template needs a name of at most 60 characters."))
    taken = MessageTemplate.objects.filter(name=name)
    if template:
        taken = taken.exclude(pk=template.pk)
    if taken.exists():
        raise NotPossible(_("There is a template called “%(name)s” already.") % {"name": name})
    return name


def _write(version: TemplateVersion, content: Content, fallback: Fallback, actor: Actor) -> None:
    version.kind = content.kind
    version.content = content.dump()
    version.fallback = fallback.dump()
    version.variables = names_of(version.content, version.fallback)
    version.edited_by = actor


@transaction.atomic
def save_draft(version: TemplateVersion, data: Mapping[str, Any], edited: int, actor: Actor) -> TemplateVersion:
    """Store {"content", "fallback"} as the draft that `version` is, or, if it is locked, as a new version.

    Unfinished content is welcome; only a wrong shape raises InvalidContent. `edited` is the count that the editor saw:
    if somebody saved since, or already went on from the locked version, StaleEdit carries theirs.
    Returns the version that was written (`edited` counted up); its number differs if a new one was made.
    """
    content, fallback = read(data.get("content"), data.get("fallback"))
    template = MessageTemplate.objects.select_for_update().get(pk=version.template_id)
    if template.archived_at:
        raise NotPossible(_("This template is archived: restore it before changing it."))
    newest = template.versions.order_by("-number")[0]
    current = newest if newest.pk == version.pk else template.versions.get(pk=version.pk)
    if not current.is_frozen:
        return _overwrite(current, content, fallback, edited, actor)
    if not newest.is_frozen:
        raise StaleEdit(newest)
    if (content.dump(), fallback.dump()) == (current.content, current.fallback):
        return current
    return _next_version(newest, content, fallback, actor)


def _overwrite(
    version: TemplateVersion, content: Content, fallback: Fallback, edited: int, actor: Actor
) -> TemplateVersion:
    if version.edited != edited:
        raise StaleEdit(version)
    _write(version, content, fallback, actor)
    version.edited = edited + 1
    version.updated_at = timezone.now()
    # Counted, so that a version which is locked in this very moment stays as it was reviewed.
    written = TemplateVersion.objects.filter(pk=version.pk, edited=edited, frozen_at=None).update(
        kind=version.kind,
        content=version.content,
        fallback=version.fallback,
        variables=version.variables,
        edited=version.edited,
        edited_by=actor,
        updated_at=version.updated_at,
    )
    if not written:
        raise StaleEdit(TemplateVersion.objects.get(pk=version.pk))
    MessageTemplate.objects.filter(pk=version.template_id).update(updated_at=version.updated_at)
    _record_uses(version)
    return version


def _next_version(newest: TemplateVersion, content: Content, fallback: Fallback, actor: Actor) -> TemplateVersion:
    version = TemplateVersion(template_id=newest.template_id, number=newest.number + 1, created_by=actor)
    _write(version, content, fallback, actor)
    version.save()
    _record_uses(version)
    MessageTemplate.objects.filter(pk=version.template_id).update(updated_at=version.updated_at)
    detail = {"version": version.number}
    audit.record(AuditAction.VERSION_MADE, actor=actor, target=version.template, detail=detail)
    return version


def _record_uses(version: TemplateVersion) -> None:
    """Which library files this version shows, in three statements whatever their number."""
    wanted = set(asset_keys(media_ids(version.content, version.fallback)))
    uses = MediaUse.objects.filter(version=version)
    uses.exclude(asset__in=wanted).delete()
    known = MediaAsset.objects.filter(pk__in=wanted).values_list("pk", flat=True) if wanted else []
    MediaUse.objects.bulk_create([MediaUse(version=version, asset_id=key) for key in known], ignore_conflicts=True)


def freeze(version: TemplateVersion) -> None:
    """Lock a version for good, before it goes to an audit or is sent. Locking a locked one does nothing.

    Raises InvalidContent if hard limits are broken: a locked version cannot be mended. StaleEdit if it was saved since
    it was read.
    """
    # Asked of the table: what this object says may have been taken back with its transaction.
    if version.is_frozen and TemplateVersion.objects.filter(pk=version.pk, frozen_at__isnull=False).exists():
        return
    content, fallback = read(version.content, version.fallback)
    require_sound(content, fallback, version.template.purpose)
    now = timezone.now()
    draft = TemplateVersion.objects.filter(pk=version.pk, edited=version.edited, frozen_at=None)
    if draft.update(frozen_at=now):
        version.frozen_at = now
        return
    version.refresh_from_db()
    if not version.is_frozen:
        raise StaleEdit(version)


@transaction.atomic
def copy(version: TemplateVersion, name: str, actor: Actor) -> TemplateVersion:
    """A new template whose first version says what this one says, finished or not. Raises NotPossible."""
    content, fallback = read(version.content, version.fallback)
    return _first_version(name, version.template.purpose, content, fallback, actor)


def free_copy_name(name: str) -> str:
    """A name for a copy that nobody has yet."""
    base = name[:50]
    taken = set(MessageTemplate.objects.filter(name__startswith=base).values_list("name", flat=True))
    number = 2
    while f"{base} {number}" in taken:
        number += 1
    return f"{base} {number}"


@transaction.atomic
def change_template(
    template: MessageTemplate, *, name: str, purpose: str, note: str, actor: Actor, reason: str = ""
) -> None:
    """Rename, or change the purpose while nothing is locked: an audit was for one purpose. That marketing becomes a notice, which
    needs no consent, takes a reason. Raises NotPossible."""
    template = MessageTemplate.objects.select_for_update().get(pk=template.pk)
    _set_purpose(template, purpose, reason, actor)
    detail = {"name": [template.name, name]}
    template.name, template.note = usable_name(name, template), note[:200]
    template.save(update_fields=["name", "note", "updated_at"])
    audit.record(AuditAction.TEMPLATE_CHANGED, actor=actor, target=template, detail=detail)


def _set_purpose(template: MessageTemplate, purpose: str, reason: str, actor: Actor) -> None:
    """The template's row is locked by the caller."""
    if purpose == template.purpose:
        return
    if purpose not in Purpose.values:
        raise NotPossible(_("Choose marketing or notice."))
    if template.versions.filter(frozen_at__isnull=False).exists():
        raise NotPossible(_("A version of this template was reviewed for its purpose; copy it to change that."))
    reason = reason.strip()[:200]
    if purpose == Purpose.NOTICE and not reason:
        raise NotPossible(
            _("Write the reason why this is a notice: a notice needs no consent and keeps to no window for marketing.")
        )
    detail = {"purpose": [template.purpose, purpose], **({"reason": reason} if reason else {})}
    template.purpose = purpose
    template.save(update_fields=["purpose", "updated_at"])
    audit.record(AuditAction.TEMPLATE_PURPOSE_CHANGED, actor=actor, target=template, detail=detail)


def archive(template: MessageTemplate, actor: Actor) -> None:
    """Take a template out of every choice. Its versions, reviews and sends stay."""
    _set_archived(template, timezone.now(), AuditAction.TEMPLATE_ARCHIVED, actor)


def restore(template: MessageTemplate, actor: Actor) -> None:
    _set_archived(template, None, AuditAction.TEMPLATE_RESTORED, actor)


@transaction.atomic
def _set_archived(template: MessageTemplate, at: datetime | None, action: AuditAction, actor: Actor) -> None:
    rows = MessageTemplate.objects.filter(pk=template.pk, archived_at__isnull=at is not None)
    if rows.update(archived_at=at):
        template.archived_at = at
        audit.record(action, actor=actor, target=template)


@transaction.atomic
def delete_draft(version: TemplateVersion, actor: Actor) -> None:
    """Delete an unlocked version; the last one takes its template along. Raises NotPossible for a locked one."""
    template = MessageTemplate.objects.select_for_update().get(pk=version.template_id)
    if not template.versions.filter(pk=version.pk, frozen_at=None).exists():
        raise NotPossible(_("A locked version stays: it was reviewed or used."))
    audit.record(AuditAction.DRAFT_DELETED, actor=actor, target=template, detail={"version": version.number})
    try:
        template.versions.filter(pk=version.pk).delete()
        if not template.versions.exists():
            template.delete()
    except ProtectedError as error:
        raise NotPossible(_("A campaign uses this version: choose another there first.")) from error
