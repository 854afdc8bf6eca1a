"""What the audit trail calls the acts of this app. Codes are stored; the words may change."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from kit import audit


@audit.declared
class AuditAction(TextChoices):
    MEDIA_UPLOADED = "media.uploaded", _("media uploaded")
    MEDIA_THUMBNAIL_CHANGED = "media.thumbnail_changed", _("media thumbnail changed")
    MEDIA_ARCHIVED = "media.archived", _("media archived")
    MEDIA_RESTORED = "media.restored", _("media restored")
    MEDIA_RENAMED = "media.renamed", _("media renamed")
    MEDIA_DELETED = "media.deleted", _("media deleted")
    TEMPLATE_MADE = "template.made", _("template created")
    VERSION_MADE = "version.made", _("template version created")
    TEMPLATE_CHANGED = "template.changed", _("template changed")
    TEMPLATE_PURPOSE_CHANGED = "template.purpose_changed", _("template purpose changed")
    TEMPLATE_ARCHIVED = "template.archived", _("template archived")
    TEMPLATE_RESTORED = "template.restored", _("template restored")
    DRAFT_DELETED = "draft.deleted", _("draft deleted")
