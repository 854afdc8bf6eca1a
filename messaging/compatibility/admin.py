"""The page on which a version's pictures, sounds and films get the ids that a vendor's console gave them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit.people import signed_in
from kit.texts import VendorIdField
from messaging.admin_base import Page, needs
from messaging.compatibility import vendor_media
from messaging.models import VendorAccount
from templates_5g.models import MediaAsset, TemplateVersion


class MediaIdsForm(forms.Form):
    """A field for each asset, and where the ids were read."""

    note = forms.CharField(
        label=gettext_lazy("where you know it from"),
        max_length=200,
        help_text=gettext_lazy("For instance: read in the vendor's console. It is kept in the audit trail."),
    )

    def __init__(self, assets: list[MediaAsset], known: dict[int, str], data: Any = None) -> None:
        super().__init__(data)
        own = {
            f"asset_{asset.pk}": VendorIdField(
                label=asset.name,
                max_length=120,
                required=False,
                initial=known.get(asset.pk, ""),
                help_text=f"{asset.mime} · {filesizeformat(asset.size)}",
            )
            for asset in assets
        }
        self.fields = {**own, **self.fields}
        self._assets = assets

    @property
    def ids(self) -> dict[MediaAsset, str]:
        return {asset: self.cleaned_data[f"asset_{asset.pk}"] for asset in self._assets}


class MediaIdPages(Page):
    """Under the reviews."""

    def media_id_urls(self) -> list[Any]:
        return [self.own_url("media/<int:version_id>/<int:account_id>/", self.media_ids_view, "media_ids")]

    @needs("messaging.submit_templatereview")
    def media_ids_view(self, request: HttpRequest, version_id: int, account_id: int) -> HttpResponse:
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        account = get_object_or_404(VendorAccount, pk=account_id)
        back = f"{self.address('submit', version.pk)}?account={account.pk}"
        assets = vendor_media.assets_of(version)
        if not assets:
            messages.info(request, _("This version shows no files."))
            return redirect(back)
        form = MediaIdsForm(assets, vendor_media.known_ids(account, assets), request.POST or None)
        if form.is_valid():
            try:
                vendor_media.register(account, form.ids, note=form.cleaned_data["note"], actor=signed_in(request))
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("Registered. The message can be submitted now."))
                return redirect(back)
        title = _("Ids of the files of %(version)s at %(account)s") % {"version": version, "account": account}
        return self.page(
            request,
            "songda/form.html",
            title=title,
            form=form,
            note=_(
                "This vendor takes files over its own console alone. Upload them there, wait until it has approved them, and type "
                "here the id that it shows for each."
            ),
            button=_("Register"),
            back=back,
        )
