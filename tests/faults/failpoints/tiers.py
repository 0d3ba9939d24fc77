"""Points as parameters of a test, named by what happens there; the tier that each belongs to."""

import pytest
from _pytest.mark import ParameterSet

from tests.faults.failpoints.trap import Point


def quick(*points: Point) -> list[ParameterSet]:
    """Those that `make test` runs."""
    return [pytest.param(point, id=str(point)) for point in points]


def slow(*points: Point) -> list[ParameterSet]:
    """The others, for `make test-slow`."""
    return [pytest.param(point, id=str(point), marks=pytest.mark.slow) for point in points]
