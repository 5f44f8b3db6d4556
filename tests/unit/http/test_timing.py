"""The store's own time: without the way, and without our own work."""

import time

from storetwin.http.timing import Stopwatch, Way


def test_the_way_is_the_shortest_new_connection():
    way = Way(trips=2)
    assert way.store_seconds(0.5) == 0.5
    for connecting in (0.4, 0.2, 0.9):
        way.seen(connecting)
    assert way.store_seconds(0.5) == 0.4
    assert way.store_seconds(0.05) == 0.0


def test_our_own_work_is_no_waiting():
    watch = Stopwatch()
    busy_until = time.thread_time() + 0.05
    while time.thread_time() < busy_until:
        pass
    assert watch.elapsed >= 0.05
    assert watch.waited() <= watch.elapsed - 0.05


def test_a_new_connection_is_no_waiting_for_the_store():
    watch = Stopwatch()
    watch.connect_started()
    took = watch.connected()
    before = watch.elapsed
    assert 0 < took == watch.connecting
    assert watch.waited() <= before + 0.05 - took
