"""The benchmark's own arithmetic: its data, its limits and its line of results. Never a time."""

import csv
import http.client
import json
import multiprocessing
from urllib.parse import urlsplit

import pytest

from messaging.gateway import crypto
from messaging.models import Batch, Delivery
from tools.bench import data, history, house, limits, report, run
from tools.bench.measure import Broken, apart, together
from tools.bench.sink import CREDENTIALS, sink
from tools.bench.stages import receipts

PEOPLE = 1000


def test_every_number_once_and_the_same_for_the_same_seed():
    good = [row[0] for row in data.rows(7, PEOPLE) if row[0] != "无"]
    assert len(set(good)) == PEOPLE
    assert good == [row[0] for row in data.rows(7, PEOPLE) if row[0] != "无"]
    assert good != [row[0] for row in data.rows(8, PEOPLE) if row[0] != "无"]
    assert all(len(number) == 11 and "13" <= number[:2] <= "19" for number in good)


def test_the_file_says_how_many_rows_it_has(tmp_path):
    path = tmp_path / "people.csv"
    rows = data.write_csv(path, 1, PEOPLE)
    with path.open(encoding="utf-8") as file:
        found = list(csv.reader(file))
    assert found[0] == data.HEADER
    assert len(found) - 1 == rows == PEOPLE + 2 * data.bad_rows(PEOPLE)
    assert sum(row[0] == "无" for row in found) == data.bad_rows(PEOPLE)
    assert limits.read_csv(path) == rows + 1


def test_the_workbook_holds_the_same_rows(tmp_path):
    path = tmp_path / "people.xlsx"
    rows = data.write_xlsx(path, 1, 400)
    assert limits.read_xlsx(path) == rows + 1


def test_the_hand_written_request_opens_with_the_accounts_key():
    rows = [("13800000000", json.dumps(dict.fromkeys(data.NAMES, "值")))]
    body, headers = limits.build(rows, "s1-1")
    plain = crypto.aes_ecb_decrypt(CREDENTIALS["aes_key"].encode(), crypto.b64decode(body))
    assert json.loads(plain) == {
        "templateId": 101,
        "mobileContentList": {"13800000000": {f"${{{name}}}": "值" for name in data.NAMES}},
        "callData": "s1-1",
    }
    assert headers["signature"] == crypto.sha256_hex(
        CREDENTIALS["password"].encode(), body, headers["timestamp"].encode()
    )


def test_the_sink_counts_requests_and_bytes_and_gives_each_its_own_task():
    tasks = set()
    with sink() as counting:
        wire = http.client.HTTPConnection(urlsplit(counting.url).netloc)
        for size in (3, 300_000):
            wire.request("POST", "/rcs/send", b"x" * size)
            answer = crypto.aes_ecb_decrypt(
                CREDENTIALS["aes_key"].encode(), crypto.b64decode(wire.getresponse().read())
            )
            assert json.loads(answer)["status"] == 0
            tasks.add(json.loads(answer)["taskId"])
        assert counting.take_counts() == (2, 300_003)
        assert counting.take_counts() == (0, 0)
    assert len(tasks) == 2


def test_a_line_shows_its_rate_and_its_ratio():
    line = report.Line("send", 1000, 0.5, 80.4, 0.4, 0.8, "at least 0.75", {"requests": 1})
    assert json.loads(report.as_json(line))["per_second"] == 2000
    assert report.as_text(line).split("\n")[0].split() == [
        *("send", "1,000", "0.50", "2,000", "80", "0.40", "0.80", "at", "least", "0.75")
    ]
    assert report.as_text(line).split("\n")[1].strip() == "requests: 1"


def test_a_stage_brings_what_it_stands_on():
    assert run.with_needed(["build"]) == ["csv", "send", "build"]
    with pytest.raises(KeyError):
        run.with_needed(["nonsense"])


@pytest.mark.django_db(transaction=True)
def test_work_apart_is_measured_and_its_failure_told():
    done = together([lambda: 1, lambda: 2])
    assert done.results == [1, 2]
    assert done.peak_mb > 1
    with pytest.raises(Broken, match="ZeroDivisionError"):
        apart(lambda: 1 // 0)
    first = multiprocessing.get_context("fork").Semaphore(1)
    with pytest.raises(Broken, match="ZeroDivisionError"):  # nobody waits at the start for one who failed before it
        together([lambda: 1, lambda: 2], ready=lambda: first.acquire(block=False) or 1 // 0)


@pytest.mark.django_db
def test_a_history_has_its_people_in_its_requests():
    made = house.build("http://127.0.0.1:9")
    (found,) = history.fill(made, 2500)
    assert Delivery.objects.count() == 2500
    assert list(Batch.objects.order_by("number").values_list("size", flat=True)) == [1000, 1000, 500]
    assert Delivery.objects.get(phone=found.phone(1999)).batch_id == found.batch(1999)
    assert found.batch(1999) == found.first_batch + 1


@pytest.mark.django_db
def test_product_and_limit_change_the_same_rows():
    made = house.build("http://127.0.0.1:9")
    (found,) = history.fill(made, 60)
    limits.update_unnest(receipts.columns([(found, n) for n in range(20)]))
    receipts.apply_all(
        made.account, [(event, None) for event in receipts.events_of([(found, n) for n in range(20, 50)])]
    )
    assert Delivery.objects.filter(own_status=60, channel="rcs", units=1).count() == 50
    assert Batch.objects.get().n_delivered == 30  # the bare UPDATE counts nothing


@pytest.mark.django_db(transaction=True)
def test_it_writes_into_an_empty_database_only():
    with pytest.raises(run.NotEmpty):
        run.require_empty()
