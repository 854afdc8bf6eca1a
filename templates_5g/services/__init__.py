"""The verbs of templates and media; pages, the API and other apps call these and nothing below."""

from templates_5g.errors import InvalidContent, MediaRefused, NotPossible, StaleEdit
from templates_5g.services.compare import Difference, differences
from templates_5g.services.library import (
    add_upload,
    archive_media,
    delete_media,
    give_frame,
    local_url,
    make_fitting,
    public_url,
    rename_media,
    restore_media,
    set_thumbnail,
    thumbnail_of,
)
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
    "add_upload",
    "archive",
    "archive_media",
    "change_template",
    "copy",
    "create_template",
    "delete_draft",
    "delete_media",
    "differences",
    "free_copy_name",
    "freeze",
    "give_frame",
    "local_url",
    "make_fitting",
    "public_url",
    "rename_media",
    "restore",
    "restore_media",
    "save_draft",
    "set_thumbnail",
    "start_template",
    "thumbnail_of",
]
