"""How large a card shows its picture: the sizes that fit without cutting, and how much of another size is lost."""

from templates_5g.blocks import Carousel, Content, SingleCard

_HEIGHTS = {"SHORT": 336, "MEDIUM": 504, "TALL": 792}
_WIDTHS = {"MEDIUM_WIDTH": 696, "SMALL_WIDTH": 360}
VERTICAL_WIDTH = 900
HORIZONTAL = (384, 512)


def shown_size(content: Content, height: str) -> tuple[int, int]:
    """Width and height in pixels (three to a dp) of the picture of a card. A horizontal card shows 3:4."""
    if isinstance(content, SingleCard) and content.orientation == "HORIZONTAL":
        return HORIZONTAL
    width = _WIDTHS[content.width] if isinstance(content, Carousel) else VERTICAL_WIDTH
    return width, _HEIGHTS[height]


def cut_share(have: tuple[int, int], shown: tuple[int, int]) -> int:
    """Percent of the picture that is cut away when it fills `shown` from the centre."""
    width, height = have
    wanted = shown[0] / shown[1]
    kept = min(wanted * height / width, width / (wanted * height))
    return round((1 - kept) * 100)
