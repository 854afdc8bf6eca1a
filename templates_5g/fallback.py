"""The fallback chain as text: what an SMS says once filled, how long it is and how many units it costs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from templates_5g.blocks import Fallback
from templates_5g.blocks.variables import fill
from templates_5g.limits import SMS_PART, SMS_SINGLE


def sms_length(text: str) -> int:
    """UTF-16 units, as carriers count: a Chinese character and a digit are one, most emoji two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def segments(text: str, single: int = SMS_SINGLE, part: int = SMS_PART) -> int:
    """Billable units of a complete SMS text, signature included: none for nothing, 1 up to 70, then each 67."""
    length = sms_length(text)
    if length <= single:
        return 1 if length else 0
    return -(-length // part)


def signed(text: str, signature: str) -> str:
    """A filled text as the carrier counts it: 【signature】 is put in front unless the text begins or ends with it."""
    mark = f"【{signature}】" if signature else ""
    return text if text.startswith(mark) or text.endswith(mark) else mark + text


def signature_length(text: str, signature: str) -> int:
    """UTF-16 units that `signed` adds. `text` may still have its variables."""
    return sms_length(signed(text, signature)) - sms_length(text)


@dataclass(frozen=True)
class TextPreview:
    """`text` complete with 【signature】 and filled variables."""

    text: str
    length: int
    segments: int


def text_preview(text: str, signature: str = "", values: Mapping[str, str] | None = None) -> TextPreview:
    whole = (f"【{signature}】" if signature else "") + fill(text, values or {})
    return TextPreview(whole, sms_length(whole), segments(whole))


def chain_preview(
    fallback: Fallback, signature: str = "", values: Mapping[str, str] | None = None
) -> Mapping[str, Mapping[str, object] | None]:
    """For each text part of the chain (sms, aim, h5) its preview as JSON-able data, None where the part is absent."""
    parts = {name: getattr(fallback, name) for name in ("sms", "aim", "h5")}
    return {name: asdict(text_preview(part.text, signature, values)) if part else None for name, part in parts.items()}
