"""The pages of content: templates, their versions, the media library. Importing registers them."""

from templates_5g.admin import media, templates, versions

__all__ = ["media", "templates", "versions"]
