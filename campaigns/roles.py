"""The four roles and what each may do: one table, written into the groups after every migration.

A role holds exactly what stands here; permissions given to a group by hand are taken away again at the next migration,
so that a look at this file tells what somebody may do. What a single person needs beyond it is given to that person.
"""

import logging

from django.apps import AppConfig
from django.apps import apps as installed

log = logging.getLogger(__name__)

MARKETING = "营销"
CAMPAIGNS = "活动"
SUPPORT = "客服"
ADMINISTRATORS = "管理员"

_TEMPLATES = ("messagetemplate", "templateversion", "mediaasset")


def _codes(app: str, actions: str, *models: str) -> set[str]:
    return {f"{app}.{action}_{model}" for action in actions.split() for model in models}


_EVERYBODY_SEES = _codes("templates_5g", "view", "messagetemplate", "templateversion") | {
    "campaigns.view_campaign",
    "campaigns.view_report",
    "campaigns.view_exportrecord",
}

PERMISSIONS: dict[str, set[str]] = {
    # Builds content and submits it for review.
    MARKETING: _EVERYBODY_SEES
    | _codes("templates_5g", "add change view delete", *_TEMPLATES)
    | _codes("messaging", "view change", "templatereview")
    | _codes("messaging", "view", "chatbot", "signature")
    | {"messaging.submit_templatereview", "messaging.add_dispatch", "campaigns.view_audience"},
    # Imports people, sends, settles unknown outcomes; approves what a colleague made.
    CAMPAIGNS: _EVERYBODY_SEES
    | _codes("templates_5g", "view", *_TEMPLATES)
    | _codes("campaigns", "add change view delete", "campaign")
    | _codes("campaigns", "add change view", "audience", "audienceimport")
    | _codes("campaigns", "view", "approval")
    | _codes(
        "messaging", "view", "sendingpolicy", "templatereview", "chatbot", "signature", "vendoraccount", "vendorcall"
    )
    | _codes("messaging", "view change", "batch")
    | _codes("messaging", "view add change", "dispatch")
    | _codes("messaging", "view", "reply", "suppression")
    | {
        "campaigns.import_audience",
        "messaging.stop_sending",
        "messaging.view_sendingstop",
        "campaigns.send_campaign",
        "campaigns.approve_campaign",
        "messaging.look_up_delivery",
        "messaging.export_delivery",
    },
    # Answers callers about one number; keeps the do-not-send list.
    SUPPORT: _EVERYBODY_SEES
    | _codes("messaging", "view change", "reply")
    | _codes("messaging", "view add", "suppression")
    | _codes("messaging", "view add change delete", "keywordrule", "cannedanswer")
    | {
        "messaging.view_receipt",
        "messaging.look_up_delivery",
        "messaging.reveal_phone",
        "messaging.lift_suppression",
    },
    # Sets things up and looks; neither sends nor approves nor sees full numbers.
    ADMINISTRATORS: _EVERYBODY_SEES
    | _codes("templates_5g", "view", *_TEMPLATES)
    | _codes("campaigns", "view", "audience", "audienceimport", "approval", "auditevent")
    | _codes("campaigns", "view add change delete", "operatorprefix")
    | _codes("campaigns", "view add change", "apitoken", "webhookendpoint")
    | _codes("campaigns", "view change", "webhookdelivery")
    | _codes("messaging", "view add change delete", "vendoraccount", "signature", "chatbot")
    | _codes("messaging", "view", "templatereview", "batch", "dispatch", "reply", "suppression", "vendorcall")
    | _codes("messaging", "view change", "receipt", "callbackevent", "sendingpolicy")
    | _codes("auth", "view add change", "user")
    | _codes("auth", "view", "group")
    | {
        "messaging.test_vendoraccount",
        "messaging.look_up_delivery",
        "messaging.decide_fence",
        "campaigns.view_rolegrant",
        "campaigns.decide_rolegrant",
        "messaging.stop_sending",
        "messaging.view_sendingstop",
    },
}


def ensure(using: str = "default") -> list[str]:
    """Make the groups and give each exactly its permissions. Returns the codes that no table of this database declares:
    none after a whole migration, the later ones after one that stopped half-way."""
    from django.contrib.auth.models import Group, Permission

    rows = Permission.objects.using(using).select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    for role, codes in PERMISSIONS.items():
        group, _made = Group.objects.using(using).get_or_create(name=role)
        group.permissions.set(known[code] for code in codes & known.keys())
    return sorted(set().union(*PERMISSIONS.values()) - known.keys())


def after_migrate(sender: AppConfig, using: str = "default", **_kwargs: object) -> None:
    """Once, after the last app that has models, since Django announces no others: permissions of the earlier ones are all there
    only then."""
    if sender is not [app for app in installed.get_app_configs() if app.models_module is not None][-1]:
        return
    missing = ensure(using)
    if missing:
        log.warning("Roles wait for permissions of later migrations: %s", ", ".join(missing))
