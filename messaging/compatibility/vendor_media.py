"""Media that exist at a vendor already, registered by hand: where its document has no upload, people put files into its
console and type here the id that they read there."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kit import audit
from kit.ids import row_id
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.compatibility import media_transfer
from messaging.models import VendorAccount, VendorMedia
from templates_5g.models import MediaAsset, TemplateVersion


def assets_of(version: TemplateVersion) -> list[MediaAsset]:
    """The library files that a version shows, in the order in which they stand in it; thumbnails are not among them."""
    paths = media_transfer.asset_ids(version)
    ids = [row_id(value) for path, value in paths.items() if not path.endswith("thumbnail")]
    found = MediaAsset.objects.select_related("thumbnail").in_bulk([key for key in ids if key is not None])
    return [found[key] for key in dict.fromkeys(ids) if key in found]


def known_ids(account: VendorAccount, assets: list[MediaAsset]) -> dict[int, str]:
    """Asset -> the vendor's id, of those that are registered."""
    rows = VendorMedia.objects.filter(account=account, asset__in=assets)
    return dict(rows.values_list("asset_id", "vendor_id"))


@transaction.atomic
def register(account: VendorAccount, ids: Mapping[MediaAsset, str], *, note: str, actor: Actor) -> None:
    """Keep the vendor's ids of these assets; an empty one forgets what was registered. Raises ValidationError if one id is given
    to two assets."""
    given = [vendor_id for vendor_id in ids.values() if vendor_id]
    twice = next((vendor_id for vendor_id in given if given.count(vendor_id) > 1), "")
    others = VendorMedia.objects.filter(account=account, vendor_id__in=given).exclude(asset__in=list(ids))
    taken = twice or others.values_list("vendor_id", flat=True).first()
    if taken:
        raise ValidationError(_("“%(id)s” is the id of another file already: each file has its own.") % {"id": taken})
    for asset, vendor_id in ids.items():
        rows = VendorMedia.objects.filter(account=account, asset=asset)
        if not vendor_id:
            rows.delete()
            continue
        values = {"vendor_id": vendor_id, "state": VendorMedia.State.APPROVED, "expires_at": None, "note": note[:200]}
        VendorMedia.objects.update_or_create(account=account, asset=asset, defaults=values)
    audit.record(
        AuditAction.MEDIA_REGISTERED,
        actor=actor,
        target=account,
        detail={"media": {asset.name: vendor_id for asset, vendor_id in ids.items()}, "note": note[:200]},
    )
