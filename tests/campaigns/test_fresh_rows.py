"""Rows that were just stored are counted by nobody yet. Whatever a planner believes about them, the repeats of a file are found
without comparing each row with each."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from campaigns.models import Audience
from campaigns.services import importing

pytestmark = pytest.mark.django_db


def plan_of(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(f"{'EXPLAIN' if connection.vendor == 'postgresql' else 'EXPLAIN QUERY PLAN'} {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_repeats_are_looked_up_by_the_members_index(make, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    make.audience([(str(13800000000 + n), {}) for n in range(3000)])
    connection.cursor().execute("ANALYZE")
    plans = []

    def look(execute, sql, params, many, context):
        if sql.startswith("INSERT INTO campaigns_importproblem") and "staged_left" in sql:
            plans.append(plan_of(sql, params))
        return execute(sql, params, many, context)

    audience = Audience.objects.create(name="新")
    data = "手机号\n" + "".join(f"{13800000000 + n % 400}\n" for n in range(500))
    source = importing.start_import(audience, SimpleUploadedFile("名单.csv", data.encode()), None)
    importing.choose_columns(source, source.mapping, None)
    with connection.execute_wrapper(look):
        source = importing.check_and_store(source.pk)
    assert (source.stored, source.duplicate) == (400, 100)
    (found,) = plans
    # By both columns of the index: a number in another order than the index's would leave the audience alone.
    line = next(line for line in found.splitlines() if "Index Cond" in line or "SEARCH m" in line)
    assert "audience_id" in line
    assert "phone" in line
