"""A message as one person received it: this person's values filled in, the signature, the sender, every card, page, button and
link, files by their SHA-256, and what the phone got instead where it could not show the main content.

It is the frozen version's blocks, those that a request to the vendor is built of, filled as the vendor fills them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from messaging.gateway.registry import vendor_class
from messaging.models import Delivery
from templates_5g import outline
from templates_5g.blocks.variables import fill, filled, texts_of
from templates_5g.fallback import signed
from templates_5g.models import MediaAsset
from templates_5g.path_labels import place
from templates_5g.selectors import assets_by_id

# How it is drawn and what a button tells us back: nobody reads it on a phone.
_UNSEEN = frozenset(
    {"kind", "orientation", "alignment", "title_style", "description_style", "width", "height", "data", "application"}
)


@dataclass(frozen=True)
class Line:
    """One thing that the message says, and where it stands. `value` names a file by name, type, size and SHA-256."""

    place: str
    value: str


@dataclass(frozen=True)
class Received:
    """`main` is what phones show that can; `fallback` what others get, by the parts that the vendor does."""

    signature: str
    sender: str
    main: Sequence[Line]
    fallback: Sequence[Line]

    @property
    def text(self) -> str:
        """All of it, a line for each thing."""
        return "\n".join(f"{line.place}: {line.value}" for line in (*self.main, *self.fallback))


def received(delivery: Delivery) -> Received:
    """`delivery` with dispatch, its version, account, signature and chatbot."""
    dispatch = delivery.dispatch
    signature = dispatch.signature.text if dispatch.signature else ""
    lines = list(_lines(delivery, signature))
    return Received(
        signature=signature,
        sender=str(dispatch.chatbot or ""),
        main=[line for is_main, line in lines if is_main],
        fallback=[line for is_main, line in lines if not is_main],
    )


def _lines(delivery: Delivery, signature: str) -> Iterator[tuple[bool, Line]]:
    """(whether it is of the main content, line)."""
    version, values = delivery.dispatch.version, delivery.variables
    own = (delivery.batch.text if delivery.batch else "") or delivery.dispatch.text
    if version is None:
        yield True, Line(place("text"), signed(fill(own, values), signature))
        return
    content, fallback = filled(version.content, values), filled(_done_by_vendor(delivery), values)
    if own and "text" in content:
        content["text"] = own
    if version.kind == "sms":
        content["text"] = signed(str(content["text"]), signature)
    if isinstance(sms := fallback.get("sms"), dict) and sms:
        sms["text"] = signed(sms["text"], signature)
    assets = assets_by_id(texts_of([content, fallback]))
    for row in outline.rows(content, fallback, assets):
        if row.path.rpartition(".")[2] in _UNSEEN:
            continue
        value = _file(row.asset) if row.asset else row.value
        yield not row.path.startswith("fallback"), Line(row.place, value)


def _done_by_vendor(delivery: Delivery) -> Mapping[str, object]:
    """The parts of the fallback that this account's vendor sends."""
    version = delivery.dispatch.version
    able = vendor_class(delivery.dispatch.account.vendor).capabilities.fallback_parts
    return {name: part for name, part in ((version.fallback if version else None) or {}).items() if name in able}


def _file(asset: MediaAsset) -> str:
    words = _("%(name)s (%(type)s, %(size)s bytes, SHA-256 %(hash)s)")
    return words % {"name": asset.name, "type": asset.mime, "size": asset.size, "hash": asset.sha256}
