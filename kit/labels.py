"""The type of words for people: text, or a translation that is looked up when it is shown."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Label: TypeAlias = "StrOrPromise"
