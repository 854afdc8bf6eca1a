"""Rows that were just stored are counted by nobody yet, so a planner may take a million for one. Whatever it believes, no
statement of an import or a lay-out may compare each row with each."""

from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from campaigns.models import Audience
from campaigns.services import importing, planning
from messaging.models import Batch, Dispatch

pytestmark = pytest.mark.django_db


@contextmanager
def explained():
    """How PostgreSQL would run each INSERT … SELECT and CREATE TABLE … AS, by its first words."""
    plans = {}

    def look(execute, sql, params, many, context):
        words = " ".join(sql.split())
        if words.startswith(("INSERT INTO", "CREATE TEMPORARY TABLE")) and "SELECT" in words:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                plans[words] = "\n".join(row[0] for row in cursor.fetchall())
        return execute(sql, params, many, context)

    if connection.vendor != "postgresql":
        look = None
    with connection.execute_wrapper(look) if look else contextmanager(lambda: (yield))():
        yield plans


def analyze():
    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")


def test_laying_out_where_most_rounds_have_one_person(make):
    campaign = make.campaign([(str(13800000000 + n), {"姓名": "李", "余额": "1"}) for n in range(300)])
    planning.check(campaign)
    rounds = Dispatch.objects.bulk_create(
        Dispatch(title="验证码", version=campaign.version, account=campaign.account) for _ in range(2000)
    )
    Batch.objects.bulk_create(Batch(dispatch=one, account=campaign.account, number=1, size=1) for one in rounds)
    analyze()
    with explained() as plans:
        dispatch = planning.lay_out(campaign)
    assert dispatch.deliveries.filter(batch__isnull=False).count() == 300
    assert not [
        plan
        for sql, plan in plans.items()
        if sql.startswith("INSERT INTO messaging_delivery") and "Nested Loop" in plan
    ]
    assert len(plans) in (0, 4)


def test_repeats_in_a_file_beside_bigger_audiences(make, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    make.audience([(str(13800000000 + n), {}) for n in range(3000)])
    analyze()
    audience = Audience.objects.create(name="新")
    numbers = [13800000000 + n % 400 for n in range(500)]
    data = "手机号\n" + "".join(f"{number}\n" for number in numbers)
    source = importing.start_import(audience, SimpleUploadedFile("名单.csv", data.encode()), None)
    importing.choose_columns(source, source.mapping, None)
    with explained() as plans:
        source = importing.check_and_store(source.pk)
    assert (source.stored, source.duplicate) == (400, 100)
    assert not [sql for sql, plan in plans.items() if "Nested Loop" in plan]
