"""The media library: taking files in, making smaller copies, archiving. A file is judged by its bytes alone."""

import hashlib
from decimal import Decimal
from pathlib import PurePath
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from kit import audit
from kit.people import Actor
from templates_5g import hooks
from templates_5g.audit_actions import AuditAction
from templates_5g.errors import MediaRefused, NotPossible
from templates_5g.limits import LIMITS, MB
from templates_5g.media import pictures
from templates_5g.media.boxes import box_dimensions, box_family, box_seconds
from templates_5g.media.file_types import JPEG, TYPES, FileType, extension_of, file_type, refused_as
from templates_5g.media.metadata import without_metadata
from templates_5g.media.sounds import sound_seconds
from templates_5g.models import MediaAsset


def add_upload(upload: BinaryIO, name: str, actor: Actor) -> tuple[MediaAsset, bool]:
    """Take a file into the library: (asset, whether it is new). The same bytes are kept once; an archived one comes back.

    Raises MediaRefused with a sentence: empty, too large, no type that phones show, damaged, or a wrong ending.
    """
    most = max(limit.most or 0 for family, limit in LIMITS.items() if family in ("image", "audio", "video"))
    data = upload.read(most + 1)
    if not data:
        raise MediaRefused(_("The file is empty. Choose it again; it may not have been saved completely."))
    if len(data) > most:
        raise MediaRefused(
            _("The file is larger than %(most)s MB. Make it smaller and upload it again.") % {"most": most // MB}
        )
    name = clean_name(name)
    kind = _accepted_type(data, name)
    return _store(data, kind, name, actor)


def clean_name(name: str) -> str:
    """A display name: no folders, no control characters, at most 120 characters with the ending kept."""
    base = PurePath(name.replace("\\", "/")).name
    base = "".join(sign for sign in base if sign.isprintable()).strip() or "file"
    return base if len(base) <= 120 else base[:100] + base[-20:]


def _as_jpg(name: str) -> str:
    return clean_name(f"{PurePath(name).stem}.jpg")


def _accepted_type(data: bytes, name: str) -> FileType:
    kind = file_type(data)
    if kind is None:
        found = refused_as(data)
        if found:
            sentence = _(
                "This is %(found)s, which phones do not show in messages. Use JPG, PNG, GIF, BMP, MP4, 3GP, MP3, AMR, AAC or M4A."
            )
            raise MediaRefused(sentence % {"found": _(found)})
        raise MediaRefused(_("The type of this file is not known. Use JPG, PNG, GIF, BMP, MP4 or MP3."))
    extension = extension_of(name)
    if extension and extension not in kind.names:
        sentence = _(
            "The file's content is %(found)s, but its name ends in %(extension)s. Save it as what it is, or rename it."
        )
        raise MediaRefused(sentence % {"found": kind.label, "extension": extension})
    return kind


def _store(data: bytes, kind: FileType, name: str, actor: Actor, is_thumbnail: bool = False) -> tuple[MediaAsset, bool]:
    measured: dict[str, object] = {}
    thumbnail = None
    if kind.family == "image":
        data = pictures.without_tail(data, kind)
        data = without_metadata(pictures.turned_upright(data, kind, _open(data, kind)), kind)
        picture = _open(data, kind)
        measured = {"width": picture.width, "height": picture.height}
        thumbnail = None if is_thumbnail or _is_small(data, kind) else pictures.thumbnail(picture)
    else:
        measured = _measure(data, kind)
        data = without_metadata(data, kind)
    digest = hashlib.sha256(data).hexdigest()
    known = _known(digest, is_thumbnail)
    if known:
        return known, False
    asset = MediaAsset(
        name=name,
        mime=kind.mime,
        extension=kind.extension,
        size=len(data),
        sha256=digest,
        created_by=actor,
        is_thumbnail=is_thumbnail,
        **measured,
    )
    try:
        with transaction.atomic():
            if thumbnail:
                asset.thumbnail = _store(thumbnail, JPEG, _as_jpg(name), actor, is_thumbnail=True)[0]
            asset.file.save("", ContentFile(data), save=False)
            asset.save()
            if not is_thumbnail:
                audit.record(AuditAction.MEDIA_UPLOADED, actor=actor, target=asset, detail={"bytes": asset.size})
    except IntegrityError:
        # The same file came twice at the same time; the other one won.
        asset.file.delete(save=False)
        return MediaAsset.objects.get(sha256=digest), False
    return asset, True


def _is_small(data: bytes, kind: FileType) -> bool:
    """A picture that can stand for its own thumbnail."""
    return kind is JPEG and len(data) <= pictures.THUMBNAIL_BYTES


def _known(digest: str, is_thumbnail: bool) -> MediaAsset | None:
    asset = MediaAsset.objects.filter(sha256=digest).first()
    if asset and not is_thumbnail and (asset.archived_at or asset.is_thumbnail):
        asset.archived_at, asset.is_thumbnail = None, False
        asset.save(update_fields=["archived_at", "is_thumbnail"])
    return asset


def _open(data: bytes, kind: FileType) -> Image.Image:
    try:
        return pictures.opened(data, kind)
    except pictures.HugePicture as error:
        raise MediaRefused(
            _("This picture has too many pixels; at most 25 million and 10,000 on a side are taken.")
        ) from error
    except pictures.DamagedPicture as error:
        raise MediaRefused(_("This picture is damaged and cannot be drawn. Save it again and upload it.")) from error


def _measure(data: bytes, kind: FileType) -> dict[str, Any]:
    """Seconds, and pixels of a film. Raises MediaRefused where nothing that plays is found."""
    boxed = data[4:8] == b"ftyp"
    seconds = box_seconds(data) if boxed else sound_seconds(data, kind)
    if seconds is None or (boxed and not box_family(data)):
        raise MediaRefused(_("This file is damaged: nothing in it can be played. Save it again and upload it."))
    size = box_dimensions(data) if kind.family == "video" else None
    width, height = size or (None, None)
    return {"seconds": _tenths(seconds), "width": width, "height": height}


def _tenths(seconds: float) -> Decimal | None:
    """None for a film whose head says 0: it was written while it was recorded, and only a player knows its length."""
    return Decimal(f"{seconds:.1f}") if seconds >= 0.05 else None


def make_fitting(
    asset: MediaAsset, actor: Actor, *, size: tuple[int, int] | None = None, most_bytes: int | None = None
) -> MediaAsset:
    """A copy of a picture cropped from its centre to `size` and compressed to `most_bytes`; the original stays.

    Raises NotPossible for anything but a picture or a senseless size.
    """
    if not asset.mime.startswith("image/"):
        raise NotPossible(_("Only pictures can be cropped or compressed."))
    if size and not all(16 <= side <= 4000 for side in size):
        raise NotPossible(_("Give a width and height between 16 and 4000 pixels."))
    if most_bytes is not None and most_bytes < 1024:
        raise NotPossible(_("Give at least 1 KB."))
    picture = _open(read_bytes(asset), type_of(asset))
    if size:
        picture = pictures.cropped(picture, size)
    data = pictures.compressed(picture, most_bytes or LIMITS["image"].warn or 2 * MB)
    stem = asset.name.rpartition(".")[0] or asset.name
    label = f"{size[0]}x{size[1]}" if size else f"{-(-len(data) // 1024)}KB"
    return _store(data, JPEG, clean_name(f"{stem}-{label}.jpg"), actor)[0]


def type_of(asset: MediaAsset) -> FileType:
    return next(kind for kind in TYPES if kind.mime == asset.mime)


def read_bytes(asset: MediaAsset) -> bytes:
    with asset.file.open("rb") as file:
        return file.read()


def public_url(asset: MediaAsset) -> str:
    """The address under which vendors and phones fetch the file: absolute, without login, not guessable."""
    return settings.PUBLIC_URL.rstrip("/") + local_url(asset)


def local_url(asset: MediaAsset) -> str:
    """The same without the host, for our own pages."""
    return reverse("public-media", args=[asset.key, asset.extension])


def thumbnail_of(asset: MediaAsset) -> MediaAsset | None:
    """The small picture that stands for a file in lists; a small picture stands for itself."""
    return asset.thumbnail or (asset if asset.mime.startswith("image/") else None)


def set_thumbnail(asset: MediaAsset, picture: MediaAsset | None, actor: Actor) -> None:
    """Give sound or film the picture that phones show before it plays, made to fit 10 KB. Raises NotPossible."""
    if asset.mime.startswith("image/"):
        raise NotPossible(_("A picture has its own thumbnail."))
    asset.thumbnail = thumbnail_of(picture) if picture else None
    asset.save(update_fields=["thumbnail"])
    audit.record(AuditAction.MEDIA_THUMBNAIL_CHANGED, actor=actor, target=asset)


def give_frame(asset: MediaAsset, upload: BinaryIO, seconds: float | None, actor: Actor) -> None:
    """A frame of this film, taken by a browser, becomes its thumbnail; checked and made to fit as any picture is.
    `seconds` is the length that the browser found; it counts only where the file itself does not say one.

    Raises MediaRefused for anything but a whole picture, NotPossible for an asset that is no film.
    """
    if not asset.mime.startswith("video/"):
        raise NotPossible(_("Only a film has frames."))
    data = upload.read(_MOST_FRAME_BYTES + 1)
    kind = file_type(data)
    if kind is None or kind.family != "image" or len(data) > _MOST_FRAME_BYTES:
        raise MediaRefused(_("The frame of the film is no picture that can be used. Choose a picture."))
    picture = _open(data, kind)
    if not _is_small(data, kind):
        data, kind = pictures.thumbnail(picture), JPEG
    asset.thumbnail = _store(data, kind, _as_jpg(asset.name), actor, is_thumbnail=True)[0]
    if asset.seconds is None and seconds is not None and 0.05 <= seconds < _LONGEST_SECONDS:
        asset.seconds = _tenths(seconds)
    asset.save(update_fields=["thumbnail", "seconds"])
    audit.record(AuditAction.MEDIA_THUMBNAIL_CHANGED, actor=actor, target=asset)


_MOST_FRAME_BYTES = 1 * MB
_LONGEST_SECONDS = 24 * 3600


def archive_media(asset: MediaAsset, actor: Actor) -> None:
    """Take a file out of the library. Versions that show it keep it."""
    if MediaAsset.objects.filter(pk=asset.pk, archived_at=None).update(archived_at=timezone.now()):
        audit.record(AuditAction.MEDIA_ARCHIVED, actor=actor, target=asset)


def restore_media(asset: MediaAsset, actor: Actor) -> None:
    if MediaAsset.objects.filter(pk=asset.pk, archived_at__isnull=False).update(archived_at=None):
        audit.record(AuditAction.MEDIA_RESTORED, actor=actor, target=asset)


def rename_media(asset: MediaAsset, name: str, actor: Actor) -> None:
    before, asset.name = asset.name, clean_name(name)
    asset.save(update_fields=["name"])
    audit.record(AuditAction.MEDIA_RENAMED, actor=actor, target=asset, detail={"name": [before, asset.name]})


@transaction.atomic
def delete_media(asset: MediaAsset, actor: Actor) -> None:
    """Delete a file that nothing uses, from the disk too. Raises NotPossible for a used one: archive it instead."""
    if asset.uses.exists() or hooks.media_uses([asset.pk]).get(asset.pk):
        raise NotPossible(_("This file is used: archive it instead."))
    audit.record(AuditAction.MEDIA_DELETED, actor=actor, target=asset)
    file, storage = str(asset.file.name), asset.file.storage
    try:
        asset.delete()
    except ProtectedError as error:
        raise NotPossible(_("This file is used: archive it instead.")) from error
    transaction.on_commit(lambda: storage.delete(file))
