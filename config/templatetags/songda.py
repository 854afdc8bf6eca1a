"""The look of figures, times and statuses in templates; what each does is said in config.kit.show."""

from typing import Any

from django import template
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from config.kit import show

register = template.Library()

for _function in (
    show.masked,
    show.person,
    show.count,
    show.money,
    show.unit_price,
    show.when,
    show.moment,
    show.day,
    show.duration,
):
    register.filter(_function.__name__, _function)

register.filter("percent", show.percent)

register.simple_tag(show.badge, name="badge")
register.simple_tag(show.stacked_bar, name="stacked_bar")
register.simple_tag(show.progress, name="progress")


@register.simple_tag
def labelled(cell: str, headers: list[dict[str, Any]], index: int) -> SafeString:
    """A cell of a change list with its column's title beside it, for the narrow layout. `cell` is Django's own markup."""
    title = escape(capfirst(strip_tags(str(headers[index]["text"]))))
    if not title.strip() or not cell.startswith("<td"):
        return mark_safe(cell)  # noqa: S308 - escaped by Django's change list
    return mark_safe(f'<td data-label="{title}"{cell[3:]}')  # noqa: S308 - the title is escaped above
