"""No handler ever sees a full number or a secret."""

import io
import json
import logging

import pytest

from kit.logs import JsonFormatter, MaskingFilter, PlainFormatter


@pytest.fixture
def written():
    """A logger and what its one handler wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(MaskingFilter())
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("messaging.test", logging.DEBUG)
    logger.addHandler(handler)
    return logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_arguments_are_masked(written):
    logger, lines = written
    logger.info("sent to %s with %s", "13812345678", {"password": "hunter2"})
    assert lines()[0]["message"] == "sent to 138****5678 with {'password': '***'}"
    assert (lines()[0]["level"], lines()[0]["logger"]) == ("INFO", "messaging.test")


def test_extra_fields_are_masked_and_kept(written):
    logger, lines = written
    logger.info("done", extra={"phone": "13812345678", "batch": 7})
    assert (lines()[0]["phone"], lines()[0]["batch"]) == ("138****5678", 7)


def test_exceptions_are_masked(written):
    logger, lines = written
    try:
        raise ValueError("no such number 13812345678, token=abcdef")
    except ValueError:
        logger.exception("failed")
    text = lines()[0]["exception"]
    assert "ValueError: no such number 138****5678, token=***" in text
    assert "13812345678" not in json.dumps(lines())


def test_chinese_stays_readable(written):
    logger, lines = written
    logger.warning("已送达 %d 人", 3)
    assert lines()[0]["message"] == "已送达 3 人"


def test_a_number_passed_as_a_number_is_masked(written):
    logger, lines = written
    logger.info("sent to %d", 13812345678)
    assert lines()[0]["message"] == "sent to 138****5678"


def test_a_number_in_an_extra_that_is_no_text_is_masked(written):
    logger, lines = written
    logger.info("done", extra={"phones": ["13812345678"], "count": 13912345678})
    assert "13812345678" not in json.dumps(lines())
    assert "13912345678" not in json.dumps(lines())


def test_the_plain_line():
    record = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": "x %s", "args": ("13812345678",)})
    MaskingFilter().filter(record)
    assert PlainFormatter().format(record).endswith("INFO a x 138****5678")
