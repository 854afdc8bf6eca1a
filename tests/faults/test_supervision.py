"""The worker command: what dies in it is started again, what hangs is noticed, and SIGTERM ends everything in time."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from kit.processes import Child
from messaging.models import Heartbeat
from tests.faults.dispatches import Ground
from tests.installation import installation, kill, looking_into, processes
from tools.demo.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.xdist_group("supervision")]

_block = iter(range(10, 99))


@pytest.fixture(scope="module")
def ground(django_db_blocker) -> Iterator[Ground]:
    env = {"HEARTBEAT_RED_SECONDS": "12"}
    with installation(env=env) as place, looking_into(place.database_url, django_db_blocker):
        made = Ground(place)
        place.revive()
        place.wait("three clusters run", lambda: len(clusters(made)) == 3)
        yield made


def clusters(ground: Ground) -> dict[str, int]:
    """queue -> process id of its cluster's leader."""
    alive = ground.place.worker_processes()
    return {name: pid for pid, name in sorted(alive.items(), reverse=True) if name not in ("supervisor", "gone", "?")}


def work_goes_on(ground: Ground) -> None:
    block = next(_block)
    campaign = ground.campaign([f"136000{block}{n:03d}" for n in range(60)], f"照常 {block}")
    ground.start(campaign)
    ground.place.wait("the campaign is through", lambda: ground.settled(campaign), 60, lambda: ground.explain(campaign))
    counted = ground.prove(campaign, "after the accident")
    assert set(counted) == {"delivered", "failed"}


def restarted(ground: Ground, name: str, before: int) -> Callable[[], bool]:
    return lambda: clusters(ground).get(name, before) != before


def test_a_killed_idle_child_has_its_cluster_restarted(ground: Ground) -> None:
    """An idle worker holds its queue's lock when it dies: without a restart nothing would run any more."""
    work_goes_on(ground)
    time.sleep(1.5)
    leader = clusters(ground)["bulk"]
    children = [pid for pid, name in ground.place.worker_processes().items() if name == "bulk" and pid != leader]
    assert len(children) >= 4, "a sentinel, a pusher, a monitor and workers"
    kill(max(children))
    ground.place.wait("the cluster is another one", restarted(ground, "bulk", leader), 30)
    work_goes_on(ground)
    assert "of its processes died" in ground.place.tails(200_000)


def test_a_killed_leader_leaves_nobody_behind(ground: Ground) -> None:
    leader = clusters(ground)["notice"]
    family = [pid for pid, name in ground.place.worker_processes().items() if name == "notice"]
    kill(leader)
    ground.place.wait("the cluster is another one", restarted(ground, "notice", leader), 30)
    ground.place.wait(
        "the old cluster's processes are gone", lambda: not set(family) & set(ground.place.worker_processes()), 30
    )
    work_goes_on(ground)


def test_a_hung_cluster_is_noticed_by_its_heartbeat(ground: Ground) -> None:
    work_goes_on(ground)
    leader = clusters(ground)["bulk"]
    for pid, name in ground.place.worker_processes().items():
        if name == "bulk":
            kill(pid, signal.SIGSTOP)
    ground.place.wait("the cluster is another one", restarted(ground, "bulk", leader), 60)
    assert "heartbeat stands still" in ground.place.tails(200_000)
    work_goes_on(ground)


def test_a_killed_supervisor_takes_its_clusters_with_it(ground: Ground) -> None:
    """Whoever starts the worker again does not find two of everything."""
    before = set(ground.place.worker_processes())
    kill(ground.place.stack.worker.pid)
    ground.place.stack.worker.process.wait(10)
    ground.place.wait("the orphans are gone", lambda: not any(alive(pid) for pid in before), 30)
    ground.place.wait("three clusters run", lambda: len(clusters(ground)) == 3)
    work_goes_on(ground)


def test_two_worker_commands_on_one_database_send_everything_once(ground: Ground) -> None:
    """Started on two machines, or twice on one by mistake."""
    place = ground.place
    env = {**place.env, "PUBLIC_URL": place.stack.web_url}
    second = Child("second", place.stack.worker.command, env=env, output=subprocess.DEVNULL, cwd=ROOT).start()
    ours = place.worker_processes()
    place.wait("its clusters run too", lambda: len(descendants(second.pid)) >= len(ours), 60)
    try:
        work_goes_on(ground)
        assert second.alive
    finally:
        second.stop(15)


def descendants(pid: int) -> set[int]:
    found, parents = {pid}, processes()
    while new := {child for child, parent in parents.items() if parent in found} - found:
        found |= new
    return found


def alive(pid: int) -> bool:
    return pid in processes()


def test_sigterm_ends_everything_within_the_grace_and_work_waits_for_the_next_worker(ground: Ground) -> None:
    campaign = ground.campaign([f"13500000{n:03d}" for n in range(400)], "停止")
    ground.start(campaign)
    ground.place.wait("it is under way", lambda: ground.open_batches(campaign) < 20, 30)
    everybody = set(ground.place.worker_processes())
    begun = time.monotonic()
    ground.place.stack.worker.process.send_signal(signal.SIGTERM)
    ground.place.stack.worker.process.wait(20)
    seconds = time.monotonic() - begun
    assert not [pid for pid in everybody if alive(pid)]
    assert seconds < 3 * 2 + 4, "the grace of each cluster is 2 seconds"
    ground.place.stack.worker.start()
    ground.place.wait("it is settled", lambda: ground.settled(campaign), 60, lambda: ground.explain(campaign))
    ground.prove(campaign, "stopped and started")
    assert Heartbeat.objects.filter(name="tick").exists()
