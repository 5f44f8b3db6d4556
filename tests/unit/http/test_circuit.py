"""The circuit: what happened and what time it is go in, whether to ask comes out."""

from hypothesis import given
from hypothesis import strategies as st

from storetwin.http.circuit import Circuit


def opened(at=100.0):
    circuit = Circuit(failures=3, open_for=30.0)
    for _ in range(3):
        assert circuit.wait(at) == 0
        circuit.failed(at)
    return circuit


def test_it_is_closed_until_enough_failures_in_a_row():
    circuit = Circuit(failures=3)
    circuit.failed(1)
    circuit.failed(2)
    circuit.succeeded()
    circuit.failed(3)
    circuit.failed(4)
    assert not circuit.is_open
    circuit.failed(5)
    assert circuit.is_open


def test_open_it_lets_nothing_pass_until_its_time_is_over():
    circuit = opened()
    assert circuit.wait(110.0) == 20.0
    assert circuit.wait(129.9) > 0
    assert circuit.wait(130.0) == 0


def test_half_open_lets_one_pass_and_that_one_decides():
    circuit = opened()
    assert circuit.wait(131.0) == 0
    assert circuit.wait(131.0) > 0
    circuit.failed(132.0)
    assert circuit.wait(140.0) == 22.0
    assert circuit.wait(162.0) == 0
    circuit.succeeded()
    assert circuit.wait(162.0) == 0
    assert not circuit.is_open


def test_a_try_that_we_gave_up_ourselves_decides_nothing():
    circuit = opened()
    assert circuit.wait(131.0) == 0
    circuit.abandoned()
    assert circuit.wait(131.0) == 0


@given(st.lists(st.tuples(st.sampled_from(["ok", "bad"]), st.floats(0, 40)), max_size=60))
def test_it_never_bars_the_way_for_longer_than_it_says(events):
    circuit, now = Circuit(failures=3, open_for=30.0), 0.0
    for what, pause in events:
        now += pause
        wait = circuit.wait(now)
        assert 0 <= wait <= 30.0
        if wait:
            continue
        if what == "ok":
            circuit.succeeded()
        else:
            circuit.failed(now)
    assert circuit.wait(now + 31.0) <= 1.0
