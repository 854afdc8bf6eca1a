"""Addresses below /api/v1/. Ids have at most 18 digits: a longer one is no address, and no database has to refuse it."""

from typing import Any

from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter

from campaigns.api.views import audiences, base, campaigns, customers, messages, schema


class IdConverter(IntConverter):
    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")


def _path(route: str, view: Any, name: str) -> Any:
    return path(route, view.as_view(), name=f"api-{name}")


urlpatterns = [
    _path("schema/", schema.Schema, "schema"),
    _path("messages/", messages.Messages, "messages"),
    _path("messages/<id:pk>/", messages.Message, "message"),
    _path("audiences/", audiences.Audiences, "audiences"),
    _path("imports/<id:pk>/", audiences.Import, "import"),
    _path("imports/<id:pk>/check/", audiences.CheckImport, "import-check"),
    _path("imports/<id:pk>/confirm/", audiences.ConfirmImport, "import-confirm"),
    _path("imports/<id:pk>/discard/", audiences.DiscardImport, "import-discard"),
    _path("campaigns/", campaigns.Campaigns, "campaigns"),
    _path("campaigns/<id:pk>/", campaigns.OneCampaign, "campaign"),
    _path("campaigns/<id:pk>/check/", campaigns.Check, "campaign-check"),
    _path("campaigns/<id:pk>/ask/", campaigns.Ask, "campaign-ask"),
    _path("campaigns/<id:pk>/withdraw/", campaigns.Withdraw, "campaign-withdraw"),
    _path("campaigns/<id:pk>/start/", campaigns.Start, "campaign-start"),
    _path("campaigns/<id:pk>/pause/", campaigns.Pause, "campaign-pause"),
    _path("campaigns/<id:pk>/resume/", campaigns.Resume, "campaign-resume"),
    _path("campaigns/<id:pk>/cancel/", campaigns.Cancel, "campaign-cancel"),
    _path("deliveries/", customers.Deliveries, "deliveries"),
    _path("replies/", customers.Replies, "replies"),
    _path("suppressions/", customers.Suppressions, "suppressions"),
    _path("suppressions/<id:pk>/lift/", customers.Lift, "suppression-lift"),
    re_path(r"", base.Nothing.as_view(), name="api-nothing"),
]
