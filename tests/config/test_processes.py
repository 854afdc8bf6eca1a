"""Children end with their parent, however it ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

from kit.processes import Child

PARENT = """
import sys, time
from kit.processes import Child
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"]).start()
print(child.pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def gone(pid: int, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and alive(pid):
        time.sleep(0.05)
    return not alive(pid)


@pytest.mark.skipif(not os.path.exists("/proc/self"), reason="needs Linux's /proc")
def test_a_killed_parent_takes_its_children_with_it():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(child)


@pytest.mark.skipif(not os.path.exists("/proc/self"), reason="needs Linux's /proc")
def test_stopping_ends_the_whole_group():
    script = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"
    child = Child("two", [sys.executable, "-c", script]).start()
    end = time.monotonic() + 5
    while len(child.members()) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    members = child.members()
    assert len(members) == 2
    child.stop(0.5)
    assert all(gone(pid) for pid in members)
