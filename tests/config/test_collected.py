"""What `collectstatic` publishes is what pages load."""

from pathlib import Path
from typing import Any

from django.core.management import call_command


def test_nothing_is_published_that_no_page_loads(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = str(tmp_path)
    call_command("collectstatic", interactive=False, verbosity=0)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"theme/tokens.css", "admin/js/vendor/jquery/jquery.min.js"} <= names
    assert not [name for name in names if name.startswith("rest_framework/") or name.endswith(".map")]
