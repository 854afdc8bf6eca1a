"""A text column that is ciphertext in the database. Keys: settings.FIELD_KEYS, newest first."""

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class WrongFieldKey(ImproperlyConfigured):
    """A stored secret does not open with any of FIELD_KEYS. Raised, so that ciphertext never reaches a vendor."""


@lru_cache(maxsize=8)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_KEYS must hold Fernet keys (32 bytes, urlsafe Base64), newest first. "
            "Make one with `manage.py new_field_key`."
        ) from error


def box(purpose: str = "") -> MultiFernet:
    """What encrypts and opens under FIELD_KEYS. A `purpose` has keys of its own, derived from them: what was encrypted for one
    purpose opens for no other."""
    keys = tuple(settings.FIELD_KEYS)
    return _fernet(tuple(_derived(key, purpose) for key in keys) if purpose else keys)


@lru_cache(maxsize=64)
def _derived(key: str, purpose: str) -> str:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key.encode())
    return base64.urlsafe_b64encode(derived).decode()


def reencrypt(token: str) -> str:
    """The same secret under the newest key. Raises WrongFieldKey."""
    try:
        return box().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise WrongFieldKey(
            "A stored secret opens with none of FIELD_KEYS: add the key it was written with."
        ) from error


class SecretJSONField(models.TextField):
    """A JSON object, encrypted at rest. A wrong key raises WrongFieldKey on reading; it cannot be looked up."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        if not value:
            return {}
        try:
            return json.loads(box().decrypt(value.encode()))
        except InvalidToken as error:
            raise WrongFieldKey(
                f"{self.model.__name__}.{self.name} opens with none of FIELD_KEYS: add the key it was written with."
            ) from error

    def to_python(self, value: object) -> Any:
        return value if isinstance(value, dict) else {}

    def get_prep_value(self, value: object) -> str:
        if not value:
            return ""
        return box().encrypt(json.dumps(value, ensure_ascii=False).encode()).decode()

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise TypeError(f"{self.name} is encrypted and cannot be searched")

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.name} is encrypted and cannot be exported")


def _secrets_of(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.local_fields if isinstance(field, SecretJSONField)]


def encrypted_models() -> list[type[models.Model]]:
    """Every model with a secret, whichever app it belongs to."""
    return [model for model in apps.get_models() if _secrets_of(model)]


def encrypted_columns() -> list[tuple[str, str]]:
    """(table, column) of every secret in the database."""
    return [(model._meta.db_table, str(field.column)) for model in encrypted_models() for field in _secrets_of(model)]
