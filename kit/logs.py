"""Structured logs in which numbers and secrets are masked, whatever the caller passed."""

import json
import logging

from kit import masks

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class MaskingFilter(logging.Filter):
    """Renders the message early and masks it, so that no handler ever sees the raw one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = masks.text(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = masks.text(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
        for name in set(vars(record)) - _STANDARD:
            plain = str(getattr(record, name))
            if (shown := masks.text(plain)) != plain:
                setattr(record, name, shown)
        return True


class PlainFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%H:%M:%S")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and whatever was passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = set(vars(record)) - _STANDARD
        line.update({name: getattr(record, name) for name in sorted(extra)})
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str)
