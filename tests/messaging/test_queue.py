"""Only tasks of Songda are handed to workers, whatever stands in the queue's tables."""

from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import reverse
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.tasks import async_task

from messaging import queue
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "func",
    [
        "os.system",
        "builtins.exec",
        "subprocess.run",
        "messaging.sending.hand_over.send_some",
        "messaging.worker.tasks.django.db.connection.cursor",
        "messaging.worker.tasks._run",
        "xmessaging.worker.tasks.tick",
        "messaging.worker.tasks.tick\n",
    ],
)
def test_a_job_that_names_something_else_is_removed(func: str, tmp_path: Path) -> None:
    async_task(func, f"touch {tmp_path}/run", cluster="notice")
    broker = get_broker(list_key="notice")
    assert OrmQ.objects.count() == 1
    assert not broker.dequeue()
    assert not OrmQ.objects.exists()


def test_a_hook_is_a_function_too() -> None:
    async_task("messaging.worker.tasks.tick", cluster="notice", hook="os.system")
    assert not get_broker(list_key="notice").dequeue()


def test_a_forged_payload_does_no_harm() -> None:
    OrmQ.objects.create(key="notice", payload="not:signed", lock="2020-01-01T00:00Z")
    assert not get_broker(list_key="notice").dequeue()
    assert not OrmQ.objects.exists()


def test_our_own_tasks_are_handed_over() -> None:
    queue.enqueue("messaging.worker.tasks.tick", queue="notice")
    queue.enqueue("campaigns.tasks.send_webhooks", queue="bulk")
    assert len(get_broker(list_key="notice").dequeue() or ()) == 1
    assert len(get_broker(list_key="bulk").dequeue() or ()) == 1


def test_no_page_edits_the_queue() -> None:
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]
    assert signed_in(superuser=True).get(reverse("admin:index") + "django_q/schedule/add/").status_code == 404
