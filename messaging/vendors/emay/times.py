"""The vendor's clock is China's; three forms of time."""

import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from messaging.gateway.cleaning import plausible
from messaging.gateway.errors import Unsupported

CHINA = ZoneInfo("Asia/Shanghai")
LONGEST_AHEAD = timedelta(days=90)
WINDOW = timedelta(minutes=10)


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


def timestamp() -> str:
    """Now, as 14 digits."""
    return compact(datetime.now(CHINA))


def compact(moment: datetime) -> str:
    """yyyyMMddHHmmss."""
    return moment.astimezone(CHINA).strftime("%Y%m%d%H%M%S")


def dashed(moment: datetime) -> str:
    """yyyy-MM-dd HH:mm:ss."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def checked(send_at: datetime | None) -> datetime | None:
    """Raises Unsupported for a time more than 90 days ahead."""
    if send_at and send_at - datetime.now(CHINA) > LONGEST_AHEAD:
        raise Unsupported("The vendor takes no message more than 90 days ahead")
    return send_at


def read(value: Any) -> datetime | None:
    """yyyy-MM-dd HH:mm:ss as an aware time, None for anything else."""
    try:
        return plausible(datetime.strptime(str(value).strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA))
    except ValueError:
        return None


def windows(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The span in pieces of at most ten minutes, oldest first."""
    pieces = []
    while start < end:
        until = min(start + WINDOW, end)
        pieces.append((start, until))
        start = until
    return pieces
