"""A form that was opened before a colleague saved does not overwrite what they changed.

The page carries the values that it showed, signed. When it comes back, they are compared with the stored ones: what differs
was changed meanwhile. Then nothing is saved; the page is shown again with each such field as it was, as it is now and as this
person wants it, and carries the values of now. Saving it once more is a decision.

The row must be locked before the form is made (`lock`), so that of two people who save in the same moment one sees the other.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.db import connections, router
from django.db.models import Model
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, display

LOADED = "_loaded"
_SALT = "songda.edits"

Strings = list[str]


@dataclass(frozen=True)
class Collision:
    """One field that somebody else changed while the form was open, in words. `both`: this person changed it too."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str
    both: bool


def lock(row: Model) -> None:
    """Hold the row until the end of the transaction, against others who save it; who refers to it is not held up. Outside of a
    transaction nothing is locked."""
    using = router.db_for_write(type(row), instance=row)
    if connections[using].in_atomic_block and row.pk is not None:
        rows = type(row)._base_manager.using(using).select_for_update(no_key=True).filter(pk=row.pk)
        rows.values_list("pk", flat=True).first()


class EditGuard(forms.BaseForm):
    """Mixed into a form that changes a stored row: a model form's instance, else the `row` that it is given."""

    def __init__(self, *args: Any, row: Model | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row: Any = row or getattr(self, "instance", None)
        self.collisions: Sequence[Collision] = ()
        self.collided_with: Sequence[audit.Change] = ()

    @property
    def is_guarded(self) -> bool:
        return self.row is not None and self.row.pk is not None

    def hidden_values(self) -> dict[str, str]:
        """Field -> the stored value of what is never shown: compared by digest, its change is told without the value."""
        return {}

    @property
    def loaded(self) -> str:
        """The values of now, for the page to carry."""
        now = timezone.now().isoformat()
        values = {"row": self._row_key(), "at": now, "values": self._stored(), "hidden": self._digests()}
        return signing.dumps(values, salt=_SALT, compress=True)

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.is_guarded:
            self._compare()

    def _compare(self) -> None:
        loaded = self._read()
        stored, typed = self._stored(), {name: self._typed(name) for name in self._names()}
        if loaded is None:
            found = [self._collision(name, None, stored[name], typed[name]) for name in stored]
            self.collisions = [one for one in found if one.theirs != one.mine]
        else:
            self.collisions = [*self._changed(loaded["values"], stored, typed), *self._changed_hidden(loaded["hidden"])]
            self._leave_theirs(loaded["values"], stored, typed)
        if self.collisions:
            since = datetime.fromisoformat(loaded["at"]) if loaded else None
            self.collided_with = audit.changes_since(self.row, since) if since else ()
            self.add_error(None, self._sentence(loaded is not None))

    def _sentence(self, known: bool) -> str:
        if not known:
            return _(
                "It cannot be told what this page showed, so nothing was saved. Compare it with what is stored now."
            )
        who = "、".join(f"{one.who} {display.day_and_time(one.at)}" for one in self.collided_with)
        if not who:
            return _("This was changed while the page was open, so nothing was saved. Compare below.")
        return _("%(who)s changed this while the page was open, so nothing was saved. Compare below.") % {"who": who}

    def _changed(
        self, before: dict[str, Strings], stored: dict[str, Strings], typed: dict[str, Strings]
    ) -> list[Collision]:
        """What both made the same is no collision: nobody's change would be lost."""
        return [
            self._collision(name, before.get(name, []), stored[name], typed[name])
            for name in stored
            if before.get(name, []) != stored[name] != typed[name]
        ]

    def _collision(self, name: str, before: Strings | None, theirs: Strings, mine: Strings) -> Collision:
        def words(value: Strings) -> str:
            return _words(self.fields[name], value)

        shown = display.UNKNOWN if before is None else words(before)
        both = before is None or mine != before
        return Collision(name, str(self[name].label), shown, words(theirs), words(mine) if both else shown, both)

    def _changed_hidden(self, before: dict[str, str]) -> list[Collision]:
        hidden = _("(not shown)")
        return [
            Collision(
                name,
                str(self[name].label),
                hidden,
                _("was changed"),
                _("was changed") if self._typed(name) else hidden,
                bool(self._typed(name)),
            )
            for name, digest in self._digests().items()
            if before.get(name) != digest and name in self.fields
        ]

    def _leave_theirs(self, before: dict[str, Strings], stored: dict[str, Strings], typed: dict[str, Strings]) -> None:
        """Fields that this person left alone are shown again, and saved the next time, with what the colleague made of them."""
        theirs = [one.name for one in self.collisions if not one.both and one.name in stored]
        if not theirs:
            return
        data: Any = QueryDict(mutable=True)
        data.update(self.data)
        for name in theirs:
            html_name = self.add_prefix(name)
            widget = _bare(self.fields[name].widget)
            if hasattr(widget, "widgets_names"):
                for part, value in zip(widget.widgets_names, stored[name], strict=False):
                    data[html_name + part] = value
            else:
                data.pop(html_name, None)
                data.setlist(html_name, stored[name])
        self.data = data

    # --- values as a browser sends them ------------------------------------------------------------------------------

    def _names(self) -> list[str]:
        hidden = self.hidden_values()
        return [
            name
            for name, field in self.fields.items()
            if not field.disabled and not isinstance(field, forms.FileField) and name not in hidden
        ]

    def _stored(self) -> dict[str, Strings]:
        return {
            name: _as_sent(self.fields[name], self.get_initial_for_field(self.fields[name], name))
            for name in self._names()
        }

    def _typed(self, name: str) -> Strings:
        field = self.fields[name]
        widget = _bare(field.widget)
        value = widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        return _plain(field, _strings(widget, value))

    def _digests(self) -> dict[str, str]:
        key = hashlib.sha256((_SALT + settings.SECRET_KEY).encode()).digest()
        return {
            name: hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
            for name, value in self.hidden_values().items()
        }

    def _row_key(self) -> str:
        return f"{self.row._meta.label_lower}:{self.row.pk}"

    def _read(self) -> dict[str, Any] | None:
        """What the page carried; None where it carried nothing that can be read, or another row's."""
        try:
            loaded: dict[str, object] = signing.loads(self.data.get(LOADED, ""), salt=_SALT)
        except signing.BadSignature:
            return None
        return loaded if loaded["row"] == self._row_key() else None


def _bare(widget: forms.Widget) -> Any:
    """The widget inside the admin's plus and pencil."""
    return getattr(widget, "widget", widget)


def _as_sent(field: forms.Field, value: object) -> Strings:
    """What a browser sends for a field that shows this value and is left alone."""
    widget = _bare(field.widget)
    value = field.prepare_value(value)
    if isinstance(widget, forms.CheckboxInput):
        return _strings(widget, widget.check_test(value))
    if isinstance(widget, forms.MultiWidget):
        parts = zip(widget.widgets, widget.decompress(value) or (), strict=False)
        return [str(part.format_value(one) or "") for part, one in parts]
    return _plain(field, _strings(widget, widget.format_value(value)))


def _plain(field: forms.Field, value: Strings) -> Strings:
    """Numbers without the zeros that only the column has: 50 and 50.00 are the same."""
    if not isinstance(field, (forms.DecimalField, forms.FloatField)):
        return value
    try:
        return [f"{Decimal(one).normalize():f}" for one in value]
    except InvalidOperation:
        return value


def _strings(widget: Any, value: Any) -> Strings:
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if value else []
    if isinstance(widget, forms.MultiWidget):
        return [str(one or "") for one in value]
    if isinstance(value, (list, tuple)):
        return sorted(str(one) for one in value if one not in (None, ""))
    text = "" if value is None else str(value).replace("\r\n", "\n").strip()
    return [text] if text else []


def _words(field: forms.Field, value: Strings) -> str:
    """The value for people."""
    if isinstance(_bare(field.widget), forms.CheckboxInput):
        return _("yes") if value else _("no")
    if not any(value):
        return _("(empty)")
    if isinstance(field, forms.ModelChoiceField):
        known = {
            str(field.prepare_value(one)): field.label_from_instance(one)
            for one in (field.queryset.filter(pk__in=value) if field.queryset is not None else ())
        }
        return "、".join(str(known.get(one, one)) for one in value)
    if isinstance(field, forms.ChoiceField):
        choices = {str(key): word for key, word in _flat(field.choices)}
        return "、".join(str(choices.get(one, one)) for one in value)
    if isinstance(field, (forms.DateTimeField, forms.SplitDateTimeField)):
        return " ".join(value).replace("T", " ")
    return "\n".join(value)


def _flat(choices: Any) -> Any:
    for key, word in choices:
        if isinstance(word, (list, tuple)):
            yield from _flat(word)
        else:
            yield key, word
