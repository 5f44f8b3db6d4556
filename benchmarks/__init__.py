"""Ratios against floors and peers, measured in one run; never part of the tests."""
