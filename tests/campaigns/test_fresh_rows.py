"""Rows that were just stored are counted by nobody yet. Whatever a planner believes about them, the repeats of a file are found
without comparing each row with each."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Count

from campaigns.audiences import imports

pytestmark = pytest.mark.django_db


def plan_of(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(f"{'EXPLAIN' if connection.vendor == 'postgresql' else 'EXPLAIN QUERY PLAN'} {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_numbers_of_earlier_files_are_not_compared_one_with_each(make, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    audience = make.audience([(str(13800000000 + n), {}) for n in range(3000)])
    connection.cursor().execute("ANALYZE")
    plans = []

    def look(execute, sql, params, many, context):
        if "INSERT INTO campaigns_audiencemember" in sql and not sql.startswith("EXPLAIN"):
            plans.append(plan_of(sql, params))
        return execute(sql, params, many, context)

    data = "手机号\n" + "".join(f"{13800002900 + n % 400}\n" for n in range(500))
    source = imports.start_import(audience, SimpleUploadedFile("名单.csv", data.encode()), None)
    imports.choose_columns(source, source.mapping, None)
    with connection.execute_wrapper(look):
        source = imports.check_and_store(source.pk)
    assert (source.stored, source.duplicate) == (300, 200)
    assert dict(source.problems.values_list("reason").annotate(n=Count("id"))) == {"already": 100, "duplicate": 100}
    (found,) = plans
    # Either read once into a hash, or each looked up by both columns of the index: never read anew for each number.
    assert not [line for line in found.splitlines() if "Filter" in line and "phone" in line]
    looks = [line for line in found.splitlines() if "Index Cond" in line or "SEARCH m" in line]
    assert all("audience_id" in line and "phone" in line for line in looks)
    assert looks or "SCAN m" not in found
