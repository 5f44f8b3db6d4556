"""Holds a WooCommerce store to the recorded answers of a real one: pure comparison, no I/O.

    shapes = Shapes.learned_from(recordings)
    differences = compare(recording.aimed({"4100": "312"}), answer, shapes)

A recording is one request to a real WooCommerce and its answer. Another store has other data, so
values that come from data are not compared; what is: the status, the headers, each object's keys
and their order, the JSON types of each value, formats of dates, money and URLs, how PHP writes
JSON, and error bodies word for word. The suite that asks is tests/conformance.
"""

from storetwin.testing.conformance.comparison import compare
from storetwin.testing.conformance.difference import Difference
from storetwin.testing.conformance.exchange import Answer, Recording
from storetwin.testing.conformance.shapes import Shapes

__all__ = ["Answer", "Difference", "Recording", "Shapes", "compare"]
