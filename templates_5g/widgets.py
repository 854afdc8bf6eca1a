"""The browser editor of templates as form widgets: the JSON lies in text areas, the editor draws beside them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.urls import reverse

# In the order of loading: each file adds its part to Songda.editor and may use what stands before it.
EDITOR_FILES = (
    "base",
    "words",
    "text",
    "paths",
    "shapes",
    "limits",
    "checks",
    "store",
    "undo",
    "places",
    "problems",
    "drafts",
    "server",
    "page",
    "variables",
    "fields",
    "menu",
    "reorder",
    "media",
    "suggestions",
    "cards",
    "frames",
    "fallback",
    "kinds",
    "preview-icons",
    "preview-text",
    "preview-card",
    "preview-messages",
    "preview",
    "dialogs",
    "main",
)


# The phones of a comparison need neither the page around the editor nor its dialogs.
COMPARISON_FILES = (*(name for name in EDITOR_FILES if name not in ("drafts", "page", "dialogs", "main")), "compare")


def scripts_of(names: Iterable[str]) -> list[str]:
    return ["vendor/preact-htm.js", "media/frame.js", "theme/copies.js", *(f"editor/{name}.js" for name in names)]


EDITOR_STYLES = ("editor/editor.css", "editor/fields.css", "editor/phone.css")


def comparison_media() -> forms.Media:
    """What the page of two versions loads."""
    styles = [*EDITOR_STYLES, "editor/compare.css"]
    return forms.Media(css={"all": styles}, js=[reverse("jsi18n"), *scripts_of(COMPARISON_FILES)])


class TemplateEditorWidget(forms.Textarea):
    """The text area `content` and the place where the editor is drawn.

    `config` is handed to the browser as JSON (script id `editor-config`): limits, problems, media, urls, person, version
    {id, number, edited, frozen, saved_at, saved_by, template}, purpose, sender, variables, vendor_variables, audiences, prices,
    refusals, readonly, unsaved (the form came back). `static` is safe HTML of the content for people without JavaScript. One
    editor per page.
    """

    template_name = "templates_5g/editor.html"

    def __init__(
        self, config: Mapping[str, object] | None = None, static: str = "", attrs: dict[str, Any] | None = None
    ) -> None:
        super().__init__(attrs)
        self.config = config or {}
        self.static = static

    def get_context(self, name: str, value: object, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        return {**context, "config": self.config, "static": self.static}

    @property
    def media(self) -> forms.Media:
        return forms.Media(css={"all": EDITOR_STYLES}, js=[reverse("jsi18n"), *scripts_of(EDITOR_FILES)])


class FallbackWidget(forms.Textarea):
    """The text area `fallback`: the editor on the same page fills it."""

    template_name = "templates_5g/raw.html"
