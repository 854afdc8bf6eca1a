"""The look of figures, times and statuses in templates (what each does is said in kit.display), and small parts of pages."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from kit import display, masks
from kit.labels import Label
from kit.people import Visitor

register = template.Library()

for _function in (
    display.masked,
    display.person,
    display.count,
    display.money,
    display.unit_price,
    display.when,
    display.moment,
    display.day,
    display.duration,
):
    register.filter(_function.__name__, _function)


@register.filter
def read_by(text: str | None, user: Visitor) -> str:
    """Free text as this person may read it: numbers in it are hidden from who may not see them."""
    return masks.reader(user)(str(text or ""))


register.filter("percent", display.percent)

register.simple_tag(display.badge, name="badge")
register.simple_tag(display.stacked_bar, name="stacked_bar")
register.simple_tag(display.progress, name="progress")


@register.simple_tag
def labelled(cell: str, headers: list[dict[str, Any]], index: int) -> SafeString:
    """A cell of a change list with its column's title beside it, for the narrow layout. `cell` is Django's own markup."""
    title = escape(capfirst(strip_tags(str(headers[index]["text"]))))
    if not title.strip() or not cell.startswith("<td"):
        return mark_safe(cell)  # noqa: S308 - escaped by Django's change list
    return mark_safe(f'<td data-label="{title}"{cell[3:]}')  # noqa: S308 - the title is escaped above


@register.simple_tag
def link(words: Label, address: str) -> SafeString:
    """The words, as a link where there is an address."""
    return format_html('<a href="{}">{}</a>', address, words) if address else conditional_escape(words)


@register.simple_block_tag
def fact(content: SafeString, label: str) -> SafeString:
    """One line of `<dl class="facts">`: {% fact _("Balance") %}{{ balance }}{% endfact %}"""
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, mark_safe(content.strip()))  # noqa: S308 - a template's


@register.inclusion_tag("songda/post_button.html")
def post_button(name: str, *args: Any, label: str, look: str = "") -> dict[str, str]:
    """A button that posts to the page of this name and nothing else; `look` is a class of buttons, such as primary."""
    return {"address": reverse(name, args=args), "label": label, "look": look}
