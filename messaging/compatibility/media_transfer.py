"""Media on their way to a vendor: a public address, a vendor's id, or the bytes themselves."""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from kit.ids import row_id
from kit.msgids import gettext_noop
from messaging.gateway.types import Media
from messaging.models import VendorAccount, VendorMedia
from templates_5g.blocks import Problem
from templates_5g.models import MediaAsset, TemplateVersion


def asset_ids(version: TemplateVersion) -> dict[str, str]:
    """path -> asset id, of every medium and thumbnail in content and fallback."""
    found: dict[str, str] = {}
    _walk("", version.content, found)
    _walk("fallback", version.fallback, found)
    return found


def _walk(path: str, value: object, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            here = f"{path}.{key}" if path else str(key)
            if key in ("asset", "thumbnail") and isinstance(item, str) and item:
                found[here] = item
            else:
                _walk(here, item, found)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(f"{path}.{index}", item, found)


def media_for(version: TemplateVersion, account: VendorAccount) -> Mapping[str, Media]:
    """Every asset of the version as this vendor may want it, by asset id. Two queries."""
    ids = {found for value in asset_ids(version).values() if (found := row_id(value)) is not None}
    assets = {str(asset.pk): asset for asset in MediaAsset.objects.filter(pk__in=ids)}
    usable = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    known = VendorMedia.objects.filter(usable, account=account, asset__in=ids, state=VendorMedia.State.APPROVED)
    vendor_ids = {str(asset): vendor_id for asset, vendor_id in known.values_list("asset_id", "vendor_id")}
    return {pk: _media(asset, vendor_ids.get(pk, "")) for pk, asset in assets.items()}


def _media(asset: MediaAsset, vendor_id: str) -> Media:
    return Media(
        asset=str(asset.pk),
        mime=asset.mime,
        size=asset.size,
        url=public_url(asset),
        vendor_id=vendor_id,
        load=_loader(asset),
    )


def _loader(asset: MediaAsset) -> Callable[[], bytes]:
    def load() -> bytes:
        with asset.file.open("rb") as stream:
            return bytes(stream.read())

    return load


def public_url(asset: MediaAsset) -> str:
    """The address under which a vendor fetches the file: unguessable, no login, right type."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/m/{asset.key}.{asset.extension}"


def media_problems(version: TemplateVersion, account: VendorAccount) -> list[Problem]:
    """Assets that are gone from the library."""
    media = media_for(version, account)
    return [
        Problem(path, "media.missing", gettext_noop("This media file is no longer in the library; choose another one."))
        for path, asset in asset_ids(version).items()
        if asset not in media
    ]
