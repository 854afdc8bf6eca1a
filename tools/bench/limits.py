"""What each stage is measured against: the least that any program must do with the same data on the same machine.

Written by hand, with nothing of the house's in it but the names of its tables and the sealing that the vendor prescribes.
docs/performance.md defines each of them.
"""

import base64
import csv
import hashlib
import http.client
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.db import connection, transaction
from python_calamine import CalamineWorkbook

from messaging import fence
from tools.bench.data import NAMES
from tools.bench.sink import CREDENTIALS

# The vendor's keys of the template's variables.
_KEYS = [(name, f"${{{name}}}") for name in NAMES]


def read_csv(path: Path) -> int:
    """One bare pass of the standard library's reader."""
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _row in csv.reader(file))


def read_xlsx(path: Path) -> int:
    """One bare pass of calamine over the first sheet, every cell made a Python value."""
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    return sum(1 for _row in sheet.iter_rows())


def insert_select(audience: int, dispatch: int, first_batch: int, size: int) -> int:
    """The members, as they lie, into the table of deliveries: every column that has no default, batches given by counting."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO messaging_delivery (dispatch_id, batch_id, run_id, leg, phone, variables, channel, reason,
            vendor_message,
                 message_id, units, legs_delivered)
               SELECT %s, %s + (row_number() OVER (ORDER BY phone) - 1) / %s, %s, 'main', phone, variables, '', '', '', '', 0, 0
               FROM campaigns_audiencemember WHERE audience_id = %s ORDER BY phone""",
            [dispatch, first_batch, size, _uuid(), audience],
        )
        return int(cursor.rowcount)


def _uuid() -> Any:
    return uuid4() if connection.vendor == "postgresql" else uuid4().hex


def build(rows: Sequence[tuple[str, str]], reference: str) -> tuple[bytes, dict[str, str]]:
    """(phone, variables as JSON text) -> the signed request of the gateway's document §7, with nothing checked."""
    values = {}
    for phone, text in rows:
        given = orjson.loads(text)
        values[phone] = {key: given[name] for name, key in _KEYS}
    plain = orjson.dumps({"templateId": 101, "mobileContentList": values, "callData": reference})
    padder = padding.PKCS7(128).padder()
    sealer = Cipher(algorithms.AES(CREDENTIALS["aes_key"].encode()), modes.ECB()).encryptor()  # noqa: S305 - prescribed
    sealed = sealer.update(padder.update(plain) + padder.finalize()) + sealer.finalize()
    body = base64.b64encode(sealed)
    timestamp = str(int(time.time() * 1000))
    signature = hashlib.sha256(CREDENTIALS["password"].encode() + body + timestamp.encode()).hexdigest()
    return body, {
        "Content-Type": "text/plain; charset=utf-8",
        "spId": CREDENTIALS["sp_id"],
        "timestamp": timestamp,
        "signature": signature,
    }


def read_rows(batch: int) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        text = "variables::text" if connection.vendor == "postgresql" else "variables"
        cursor.execute(
            f"SELECT phone, {text} FROM messaging_delivery WHERE batch_id = %s AND own_status IS NULL ORDER BY phone",  # noqa: S608
            [batch],
        )
        return cursor.fetchall()


def send(batches: Sequence[int], url: str) -> dict[str, float]:
    """Read, build and post each batch, one after the other over one kept connection. Seconds of each part."""
    wire = http.client.HTTPConnection(urlsplit(url).netloc)
    spent = {"read": 0.0, "build": 0.0, "post": 0.0}
    for batch in batches:
        at = time.perf_counter()
        rows = read_rows(batch)
        spent["read"], at = spent["read"] + time.perf_counter() - at, time.perf_counter()
        body, headers = build(rows, f"s{fence.mark()}-{batch}-1")
        spent["build"], at = spent["build"] + time.perf_counter() - at, time.perf_counter()
        wire.request("POST", "/rcs/templateP2P", body, headers)
        wire.getresponse().read()
        spent["post"] += time.perf_counter() - at
    wire.close()
    return spent


_UPDATE = """
UPDATE messaging_delivery AS d
SET own_status = 60, channel = 'rcs', reason = 'delivered', vendor_message = 'DELIVRD', reported_at = now(), units = 1,
    legs_delivered = 1
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS i(run_id, leg, phone)
WHERE d.run_id = i.run_id AND d.leg = i.leg AND d.phone = i.phone
"""
_UPDATE_SQLITE = """
UPDATE messaging_delivery
SET own_status = 60, channel = 'rcs', reason = 'delivered', vendor_message = 'DELIVRD', reported_at = '2026-01-01 00:00:00',
    units = 1, legs_delivered = 1
WHERE run_id = %s AND leg = %s AND phone = %s
"""


def update_unnest(columns: list[list[Any]]) -> None:
    """One statement and one commit; nothing is compared and nothing counted. SQLite: executemany."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_UPDATE, list[Any](columns))
        else:
            cursor.executemany(_UPDATE_SQLITE, list(zip(*columns, strict=True)))


def history(phone: str) -> list[Any]:
    """A number's deliveries by the index on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM messaging_delivery WHERE phone = %s ORDER BY id DESC LIMIT 50", [phone])
        return cursor.fetchall()
