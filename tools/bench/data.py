"""Recipients that look like a customer's file: every number once, in no order, the same for the same seed."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

HEADER = ["手机号", "姓名", "余额", "城市", "到期日"]
NAMES = HEADER[1:]
_FIRST, _SPAN = 13_000_000_000, 7_000_000_000
# Coprime to the span (2, 5 and 7), so that stepping by it meets every number once.
_STEP = 4_294_967_291
_CITIES = ("上海", "北京", "广州", "深圳", "成都", "杭州", "武汉", "西安", "南京", "重庆")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
# One row in this many is no number, and as many stand twice: an import without them would measure a special case.
BAD_EVERY = 200


def phone(seed: int, n: int) -> str:
    return str(_FIRST + (seed * 7_919 + n * _STEP) % _SPAN)


def rows(seed: int, people: int) -> Iterator[list[str]]:
    """`people` good rows, and between them the bad ones: one without a number and one repeat in every BAD_EVERY."""
    chance = random.Random(seed)
    for n in range(people):
        yield _row(chance, phone(seed, n))
        if n % BAD_EVERY == BAD_EVERY - 1:
            yield _row(chance, "无")
            yield _row(chance, phone(seed, n - chance.randrange(BAD_EVERY)))


def _row(chance: random.Random, number: str) -> list[str]:
    amount = chance.randrange(1_000_000)
    return [
        number,
        f"{_SURNAMES[amount % 20]}女士" if amount % 2 else f"{_SURNAMES[amount % 20]}先生",
        f"{amount // 100}.{amount % 100:02d}",
        _CITIES[amount % 10],
        f"2026-{amount % 12 + 1:02d}-{amount % 28 + 1:02d}",
    ]


def bad_rows(people: int) -> int:
    """How many rows without a number, and how many repeats, `rows` yields among them."""
    return people // BAD_EVERY


def write_csv(path: Path, seed: int, people: int) -> int:
    """Returns the number of data rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(seed, people))
    return people + 2 * bad_rows(people)


def write_xlsx(path: Path, seed: int, people: int) -> int:
    """Numbers as text cells, as spreadsheets of phone numbers have them. Returns the number of data rows."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([HEADER, *rows(seed, people)]):
            sheet.write_row(line, 0, row)
    return people + 2 * bad_rows(people)
