"""The collector rests while anybody wants it to, and goes on as it was."""

import gc
import threading

import pytest

from kit import gc_pause


@pytest.fixture(autouse=True)
def on():
    gc.enable()
    yield
    gc.enable()


def test_it_rests_and_goes_on_also_after_an_error():
    with gc_pause.paused():
        assert not gc.isenabled()
        with pytest.raises(KeyError), gc_pause.paused():
            raise KeyError
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_had_it_off_has_it_off_afterwards():
    gc.disable()
    with gc_pause.paused():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_two_threads_that_overlap():
    """The second begins while the first rests and ends after it."""
    second_in, first_out = threading.Event(), threading.Event()
    seen = []

    def second():
        with gc_pause.paused():
            second_in.set()
            first_out.wait(5)
            seen.append(gc.isenabled())

    with gc_pause.paused():
        thread = threading.Thread(target=second)
        thread.start()
        assert second_in.wait(5)
    first_out.set()
    thread.join(5)
    assert seen == [False]
    assert gc.isenabled()
