"""Ids that tell when they were made, so that rows can be kept by month."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from kit import clock


def uuid7(at: datetime | None = None) -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds since 1970, the rest by chance. Without `at`: now, by this host's clock."""
    milliseconds = int((at or timezone.now()).timestamp() * 1000)
    chance = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | (chance >> 62) << 64 | 2 << 62 | chance & (1 << 62) - 1)


def shared_uuid7() -> UUID:
    """By the database's clock, which all hosts share: asks it."""
    return uuid7(clock.now())


def made_at(uuid: UUID) -> datetime:
    """When a UUIDv7 was made."""
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC)
