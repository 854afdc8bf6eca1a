"""Assumptions as system checks: found at start, not at the first customer."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from kit import timeouts
from kit.fields import WrongFieldKey, box, encrypted_models
from messaging.gateway.registry import all_vendors, vendor_class
from messaging.models import VendorAccount


@register()
def vendors_are_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """songda.E001: a vendor declares an operation without saying how it is reached."""
    return [
        Error(f"Vendor {code}: operation {operation.key} names no method", id="songda.E001")
        for code, vendor in all_vendors().items()
        for operation in vendor.operations
        if not operation.inbound and not hasattr(vendor, operation.method or "?")
    ]


@register()
def field_keys_are_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """songda.E002: FIELD_KEYS holds something that is no key."""
    try:
        box()
    except Exception as error:
        return [Error(str(error), id="songda.E002")]
    return []


@register(Tags.database)
def stored_secrets_open(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """songda.E003: a stored secret opens with none of FIELD_KEYS (run with `check --database default`)."""
    if not databases:
        return []
    try:
        for model in encrypted_models():
            list(model._default_manager.all())
    except WrongFieldKey as error:
        return [Error(str(error), id="songda.E003")]
    except DatabaseError:
        return []
    return []


@register(Tags.database)
def unsigned_vendors_are_guarded(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """songda.W001: pushes that carry no signature are guarded by the token alone while no address list is set."""
    if not databases:
        return []
    try:
        accounts = [account for account in VendorAccount.objects.all() if not account.callback_addresses.strip()]
    except (DatabaseError, WrongFieldKey):
        return []
    return [
        Warning(f"Account {account.name}: its pushes carry no signature and no address list is set", id="songda.W001")
        for account in accounts
        if vendor_class(account.vendor).capabilities.callbacks
        and not vendor_class(account.vendor).signs_callbacks(account.config.settings)
    ]


@register(Tags.security, deploy=True)
def public_url_is_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """songda.W002: vendors would push receipts and fetch media over plain HTTP."""
    if settings.PUBLIC_URL.startswith("https://"):
        return []
    return [Warning("PUBLIC_URL is not https: receipts and media would travel unprotected", id="songda.W002")]


@register(Tags.security, deploy=True)
def the_fence_stands(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """songda.W004 and W005: after a restore nothing would tell that the database is behind, or which installation it is."""
    found: list[CheckMessage] = []
    if Path(settings.FENCE_DIR).resolve().is_relative_to(Path(settings.DATA_DIR).resolve()):
        words = "FENCE_DIR lies inside DATA_DIR and would be restored together with it: give it a volume of its own"
        found.append(Warning(words, id="songda.W004"))
    if not settings.SONGDA_INSTALLATION:
        words = "SONGDA_INSTALLATION is not set: a copy of the database could not be told from the original by its name"
        found.append(Warning(words, id="songda.W005"))
    return found


@register(Tags.database)
def the_database_gives_up(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """songda.W003: behind a pooler the role has to have the time-outs that a connection cannot ask for."""
    if not databases:
        return []
    try:
        off = timeouts.missing()
    except DatabaseError:
        return []
    words = (
        "PostgreSQL says 0 for {}: give the role of DATABASE_URL its own with ALTER ROLE … SET (docs/administrators.md)"
    )
    return [Warning(words.format(" and ".join(off)), id="songda.W003")] if off else []
