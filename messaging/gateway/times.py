"""Times in vendors' words. Every vendor's clock is China's."""

import time
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from messaging.gateway.normal_form import plausible

CHINA = ZoneInfo("Asia/Shanghai")


def milliseconds() -> int:
    """Now, since 1970."""
    return time.time_ns() // 1_000_000


def dashed(moment: datetime) -> str:
    """yyyy-MM-dd HH:mm:ss."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def compact(moment: datetime) -> str:
    """yyyyMMddHHmmss."""
    return moment.astimezone(CHINA).strftime("%Y%m%d%H%M%S")


@lru_cache(maxsize=1024)  # a push of a hundred receipts has few seconds
def read(text: str) -> datetime | None:
    """`2024-08-05 18:00:00` in China's time as an aware time; None for what is no time (a receipt counts without one)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return plausible(found if found.tzinfo else found.replace(tzinfo=CHINA))
