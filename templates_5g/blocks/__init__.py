"""What a message is, as plain frozen values: parse, dump and check, with a path for each problem. No Django here."""

from templates_5g.blocks.content import (
    Carousel,
    Content,
    Fallback,
    File,
    Mms,
    Place,
    SingleCard,
    Sms,
    Text,
    parse_content,
    parse_fallback,
)
from templates_5g.blocks.problems import Problem, errors

__all__ = [
    "Carousel",
    "Content",
    "Fallback",
    "File",
    "Mms",
    "Place",
    "Problem",
    "SingleCard",
    "Sms",
    "Text",
    "errors",
    "parse_content",
    "parse_fallback",
]
