"""The verbs of templates and media; pages, the API and other apps call these and nothing below."""

from templates_5g.errors import InvalidContent, MediaRefused, NotPossible, StaleEdit
from templates_5g.services.comparing import Difference, differences
from templates_5g.services.versions import (
    archive,
    change_template,
    copy,
    create_template,
    delete_draft,
    free_copy_name,
    freeze,
    restore,
    save_draft,
    start_template,
)

__all__ = [
    "Difference",
    "InvalidContent",
    "MediaRefused",
    "NotPossible",
    "StaleEdit",
    "archive",
    "change_template",
    "copy",
    "create_template",
    "delete_draft",
    "differences",
    "free_copy_name",
    "freeze",
    "restore",
    "save_draft",
    "start_template",
]
