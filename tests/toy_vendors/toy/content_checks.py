"""What this vendor cannot carry, by path, beyond the kinds that its capabilities leave out."""

from collections.abc import Iterator

from templates_5g.blocks import Content, Problem, Sms

LONGEST = 500


def of_message(content: Content) -> Iterator[Problem]:
    if isinstance(content, Sms) and len(content.text) > LONGEST:
        yield Problem("text", "vendor.length", "This vendor takes %(limit)s characters at most.", {"limit": LONGEST})
