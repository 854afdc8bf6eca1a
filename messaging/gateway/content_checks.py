"""What every vendor's check begins with: is the kind carried at all, and each fallback part."""

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Capabilities
from templates_5g.blocks import Content, Fallback, Problem


def carries(capabilities: Capabilities, content: Content, fallback: Fallback) -> list[Problem]:
    """Problems for a kind or a fallback part that the vendor does not carry by itself."""
    problems = []
    if content.kind not in capabilities.main_kinds:
        problems.append(Problem("kind", "vendor.kind", _("This vendor cannot send this kind of message.")))
    problems.extend(
        Problem(
            f"fallback.{part}",
            "vendor.fallback",
            _("This vendor does not do this fallback; it will not be used here."),
            severity="warning",
        )
        for part in fallback.parts
        if part not in capabilities.fallback_parts
    )
    return problems
