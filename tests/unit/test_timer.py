"""The timer's loop: driven by hand, and once as the thread that it is."""

from __future__ import annotations

import threading
import time

from seafevents_offline.tasks import OfflineDownloadTimer


class Recorder:
    """Ticks that are remembered; ``trouble`` is raised by the next one."""

    def __init__(self, delay: float = 1000.0) -> None:
        self.delay = delay
        self.woken: list[bool] = []
        self.trouble: Exception | None = None
        self.ticked = threading.Semaphore(0)

    def tick(self, now: float, *, woken: bool) -> float:
        self.woken.append(woken)
        self.ticked.release()
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        return self.delay


def test_a_turn_says_how_long_to_wait() -> None:
    timer = OfflineDownloadTimer(Recorder(delay=3.5), interval=5)
    assert timer.tick(0) == 3.5


def test_a_turn_knows_whether_it_was_woken() -> None:
    recorder = Recorder()
    timer = OfflineDownloadTimer(recorder, interval=5)
    timer.tick(0)
    timer.wake()
    timer.wake()
    timer.tick(1)
    timer.tick(2)
    assert recorder.woken == [False, True, False]


def test_one_bad_scan_never_stops_the_next() -> None:
    recorder = Recorder(delay=1)
    timer = OfflineDownloadTimer(recorder, interval=5)
    recorder.trouble = ZeroDivisionError("a bug")
    assert timer.tick(0) == 5
    assert timer.tick(5) == 1


def test_the_thread_sleeps_wakes_and_ends() -> None:
    recorder = Recorder()
    timer = OfflineDownloadTimer(recorder, interval=1000)
    timer.start()
    assert recorder.ticked.acquire(timeout=30)
    timer.wake()
    assert recorder.ticked.acquire(timeout=30)
    timer.cancel()
    timer.cancel()
    timer.join(30)
    assert not timer.is_alive()
    assert recorder.woken == [False, True]


def test_a_cancel_before_the_start_is_not_lost() -> None:
    recorder = Recorder()
    timer = OfflineDownloadTimer(recorder, interval=1000)
    timer.cancel()
    timer.start()
    timer.join(30)
    assert not timer.is_alive()
    assert recorder.woken == []


def test_a_delay_of_the_ticking_is_kept() -> None:
    recorder = Recorder(delay=0.01)
    timer = OfflineDownloadTimer(recorder, interval=1000)
    timer.start()
    began = time.monotonic()
    for _ in range(5):
        assert recorder.ticked.acquire(timeout=30)
    assert time.monotonic() - began < 30
    timer.cancel()
    timer.join(30)
    assert not any(recorder.woken)
