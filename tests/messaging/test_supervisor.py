"""How the supervisor starts a queue's cluster."""

import pytest

from messaging.management.supervisor import Watched


@pytest.mark.parametrize(
    ("pooled", "given"), [(False, "-c max_parallel_workers_per_gather=0 -c jit=off"), (True, None)]
)
def test_a_worker_asks_one_processor_of_the_database_unless_a_pooler_would_refuse_it(
    settings, monkeypatch, pooled, given
):
    settings.SONGDA = {**settings.SONGDA, "DATABASE_POOLED": pooled}
    monkeypatch.setenv("PGOPTIONS", "-c jit=off")
    asked = {}
    monkeypatch.setattr("messaging.management.supervisor.Child", lambda name, command, env: asked.update(env))
    Watched("bulk")
    assert asked == {"Q_CLUSTER_NAME": "bulk", **({"PGOPTIONS": given} if given else {})}
