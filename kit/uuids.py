"""Ids that tell when they were made, so that rows can be kept by month."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from kit import clock


def uuid7(at: datetime | None = None) -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds since 1970, the rest by chance. `at`: now, by the database's clock."""
    milliseconds = int((at or clock.now()).timestamp() * 1000)
    chance = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | (chance >> 62) << 64 | 2 << 62 | chance & (1 << 62) - 1)


def made_at(uuid: UUID) -> datetime:
    """When a UUIDv7 was made."""
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC)
