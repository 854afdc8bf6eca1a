"""What the browser editor is given and answered, as JSON-able data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from kit import display
from kit.people import Actor, signed_in
from templates_5g import choice_labels, hooks, limits
from templates_5g.blocks.checks import media_ids
from templates_5g.blocks.variables import VENDOR_VARIABLES, names_of
from templates_5g.errors import StaleEdit
from templates_5g.fallback import chain_preview
from templates_5g.inspection import Inspection
from templates_5g.models import MediaAsset, TemplateVersion
from templates_5g.problems import all_data
from templates_5g.refusals import advice_for
from templates_5g.selectors import assets_by_id
from templates_5g.services import Difference, local_url, thumbnail_of
from templates_5g.states import Kind, Purpose


def version_url(name: str, version: TemplateVersion) -> str:
    return reverse(f"admin:templates_5g_templateversion_{name}", args=[version.pk])


def person(user: Actor) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""


def asset_data(asset: MediaAsset) -> Mapping[str, object]:
    """One file for the editor and the library. `id` is text, as content names it."""
    thumb = thumbnail_of(asset)
    return {
        "id": str(asset.pk),
        "name": asset.name,
        "mime": asset.mime,
        "family": asset.mime.partition("/")[0],
        "size": asset.size,
        "width": asset.width,
        "height": asset.height,
        "seconds": float(asset.seconds) if asset.seconds is not None else None,
        "url": local_url(asset),
        "thumb": local_url(thumb) if thumb else "",
        "thumbnail": str(asset.thumbnail_id or "") if not asset.mime.startswith("image/") else "",
        "state": "archived" if asset.archived_at else asset.state,
    }


def config(
    request: HttpRequest, version: TemplateVersion, inspection: Inspection, read_only: bool
) -> Mapping[str, object]:
    """The script `editor-config` of the version's page."""
    audiences = hooks.audiences(signed_in(request))
    return {
        "version": _version_data(version),
        "purpose": version.template.purpose,
        "purposes": choice_labels.as_choices(dict(Purpose.choices)),
        "readonly": read_only,
        "limits": limits.as_data(),
        "kinds": choice_labels.as_choices(dict(Kind.choices)),
        "suggestion_kinds": choice_labels.suggestion_kinds(),
        "problems": problems_data(inspection),
        "media": [asset_data(asset) for asset in inspection.assets.values()],
        "variables": _known_variables(inspection, audiences),
        "vendor_variables": sorted(VENDOR_VARIABLES),
        "audiences": [{"id": item.id, "name": item.name} for item in audiences],
        "sender": sender_data(),
        "prices": price_data(hooks.prices()),
        "refusals": refusal_data(version),
        "urls": _urls(version),
        "person": request.user.pk,
    }


def _known_variables(inspection: Inspection, audiences: Sequence[hooks.AudienceChoice]) -> list[str]:
    """What the picker offers: the names in the message, then the columns of the newest audiences."""
    columns = [name for audience in audiences[:20] for name in audience.columns]
    return list(dict.fromkeys([*inspection.variables, *columns]))[:60]


def _version_data(version: TemplateVersion) -> Mapping[str, object]:
    return {
        "id": version.pk,
        "number": version.number,
        "edited": version.edited,
        "frozen": version.is_frozen,
        "saved_at": version.updated_at.isoformat(),
        "saved_by": person(version.edited_by),
        "template": {"id": version.template_id, "name": version.template.name},
    }


def _urls(version: TemplateVersion) -> Mapping[str, str]:
    own = {name: version_url(name, version) for name in ("check", "save", "copy")}
    shared = {
        name: reverse(f"admin:templates_5g_mediaasset_{view}")
        for name, view in (
            ("media_list", "list"),
            ("media_upload", "upload"),
            ("media_crop", "fit"),
            ("media_frame", "frame"),
        )
    }
    return {**own, **shared, "sample_rows": reverse("admin:templates_5g_templateversion_rows")}


def problems_data(inspection: Inspection) -> Sequence[Mapping[str, object]]:
    """As templates_5g.problems.as_data; the account whose rule it is also under `vendor`."""
    return [{**item, "vendor": item["account"]} for item in all_data(inspection.findings)]


def sender_data() -> Mapping[str, object]:
    """The first 5G sender there is, for the bar of the preview."""
    return asdict(_sender())


def _sender() -> hooks.Sender:
    return next(iter(hooks.senders()), hooks.Sender("", ""))


def price_data(prices: Iterable[hooks.Price]) -> Mapping[str, str]:
    """Channel -> price of one unit; the highest where accounts differ, so that a cost is never shown too low."""
    highest: dict[str, Any] = {}
    for price in prices:
        highest[price.channel] = max(price.amount, highest.get(price.channel, price.amount))
    return {channel: f"{amount:.4f}" for channel, amount in highest.items()}


def refusal_data(version: TemplateVersion) -> Sequence[Mapping[str, object]]:
    return [
        {
            "version": item.version,
            "part": item.part,
            "account": item.account,
            "at": display.day_and_time(item.at),
            "message": item.words,
            "rule": item.rule or (advice.rule if advice else ""),
            "advice": gettext(advice.message) if advice else "",
        }
        for item in hooks.refusals(version.template_id)
        for advice in [advice_for(item.words)]
    ]


def check_answer(inspection: Inspection) -> Mapping[str, object]:
    return {
        "problems": problems_data(inspection),
        "variables": inspection.variables,
        "media": [asset_data(asset) for asset in inspection.assets.values()],
        "fallback_preview": chain_preview(inspection.fallback, _sender().signature),
    }


def save_answer(saved: TemplateVersion, inspection: Inspection, asked: TemplateVersion) -> Mapping[str, object]:
    """`redirect` is there when the locked version was left as it is and a new one was made."""
    answer = {
        "edited": saved.edited,
        "saved_at": saved.updated_at.isoformat(),
        "saved_by": person(saved.edited_by),
        "problems": problems_data(inspection),
        "variables": inspection.variables,
        "version": {"id": saved.pk, "number": saved.number, "url": version_url("change", saved)},
        "save_url": version_url("save", saved),
    }
    if saved.pk != asked.pk:
        answer["redirect"] = version_url("change", saved)
    return answer


def conflict_answer(error: StaleEdit) -> Mapping[str, object]:
    theirs = error.theirs
    return {
        "who": person(theirs.edited_by),
        "at": theirs.updated_at.isoformat(),
        "edited": theirs.edited,
        "theirs": {"content": theirs.content, "fallback": theirs.fallback, "edited": theirs.edited},
        "version": {"id": theirs.pk, "number": theirs.number, "url": version_url("change", theirs)},
        "save_url": version_url("save", theirs),
    }


def comparison(old: TemplateVersion, new: TemplateVersion, found: Iterable[Difference]) -> Mapping[str, object]:
    """The script `comparison-config`: both versions with the paths that differ, older first, and what drawing needs."""
    found = list(found)
    marks = [[item.old_path for item in found], [item.new_path for item in found]]
    return {
        "versions": [
            {
                "name": gettext("Version %(number)s") % {"number": version.number},
                "content": version.content,
                "fallback": version.fallback,
                "marks": [path for path in paths if path],
            }
            for version, paths in zip((old, new), marks, strict=True)
        ],
        "media": [asset_data(asset) for asset in assets_of(old, new).values()],
        "limits": limits.as_data(),
        "sender": sender_data(),
        "prices": {},
    }


def sample_data(rows: hooks.SampleRows) -> Mapping[str, object]:
    return {"columns": list(rows.columns), "rows": [dict(row) for row in rows.rows]}


def assets_of(*versions: TemplateVersion) -> Mapping[str, MediaAsset]:
    """The library files of several versions, in one query."""
    return assets_by_id(media_ids(*(part for version in versions for part in (version.content, version.fallback))))


def variables_of(version: TemplateVersion) -> list[str]:
    return names_of(version.content, version.fallback)
