"""Small random worlds for tests (the code stands in :mod:`calibration.small_worlds`)."""

from calibration.small_worlds import (
    START,
    default_parameters,
    quiet_parameters,
    quiet_place,
    quiet_world,
    random_columns,
    random_world,
    run_recorded,
    small_place,
    snapshot,
    with_measures,
)

__all__ = [
    "START",
    "default_parameters",
    "quiet_parameters",
    "quiet_place",
    "quiet_world",
    "random_columns",
    "random_world",
    "run_recorded",
    "small_place",
    "snapshot",
    "with_measures",
]
