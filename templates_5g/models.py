"""Named templates, their versions, and the media that they show."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from templates_5g.blocks import Content, Fallback, parse_content, parse_fallback
from templates_5g.states import Kind, MediaState, Purpose


class MessageTemplate(models.Model):
    """A name and a purpose; what it says is in its versions."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose, default=Purpose.MARKETING)
    note = models.CharField(_("note"), max_length=200, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """`content` and `fallback` hold the shapes of templates_5g.blocks. A frozen version never changes: the services
    refuse, and an edit makes the next number. `edited` counts saves, so that two editors notice each other."""

    template = models.ForeignKey(
        MessageTemplate, on_delete=models.PROTECT, related_name="versions", verbose_name=_("message template")
    )
    number = models.PositiveIntegerField(_("version"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    content = models.JSONField(_("content"))
    fallback = models.JSONField(_("fallback"), default=dict, blank=True)
    variables = models.JSONField(_("variables"), default=list, blank=True)
    frozen_at = models.DateTimeField(_("locked at"), null=True, blank=True)
    edited = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="version_number_per_template")]

    def __str__(self) -> str:
        return str(_("%(name)s, version %(n)s") % {"name": self.template.name, "n": self.number})

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def blocks(self) -> Content:
        return parse_content(self.content)[0]

    @property
    def fallback_blocks(self) -> Fallback:
        return parse_fallback(self.fallback)[0]


def media_path(asset: "MediaAsset", _filename: str) -> str:
    """Unguessable: the file is fetched by vendors without a login."""
    return f"assets/{asset.key}.{asset.extension}"


class MediaAsset(models.Model):
    """One file, its type found from its bytes. `key` is the unguessable part of its public address."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    file = models.FileField(_("file"), upload_to=media_path)
    mime = models.CharField(_("type"), max_length=40)
    extension = models.CharField(max_length=8)
    size = models.PositiveIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    seconds = models.DecimalField(_("seconds"), max_digits=8, decimal_places=1, null=True, blank=True)
    sha256 = models.CharField(max_length=64, unique=True)
    is_thumbnail = models.BooleanField(default=False, editable=False)  # made by the library, not shown in it
    thumbnail = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("status"), max_length=10, choices=MediaState, default=MediaState.OK)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("media")
        verbose_name_plural = _("media library")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class MediaUse(models.Model):
    """Which version shows which asset, written when a version is saved: a used asset cannot be deleted."""

    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="media_uses")
    asset = models.ForeignKey(MediaAsset, on_delete=models.PROTECT, related_name="uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "asset"], name="media_use_once")]
