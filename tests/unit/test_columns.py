"""Lists that must agree: parameters and file, columns and layout, codes and their positions."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios import load_parameters
from simulator.codes import Cause, Fill
from simulator.columns import Event, Person, Post
from simulator.handle import FIELDS, OFFSETS, TABLE_WORDS, Handle
from simulator.parameters import Par, parameter_vector
from simulator.world import BY_ENTITY, LAYOUT, Columns, Count, Flow, Total
from tests.worlds import random_world


def test_parameters_and_their_file_have_the_same_names():
    assert [member.name.lower() for member in Par] == sorted(
        load_parameters(), key=lambda name: Par[name.upper()]
    )
    assert len(load_parameters()) == len(Par)


def test_the_vector_has_the_values_of_the_file():
    values = {name: float(parameter.value) for name, parameter in load_parameters().items()}
    vector = parameter_vector(values)
    for name, value in values.items():
        assert vector[Par[name.upper()]] == value


def test_unknown_and_missing_parameters_are_refused():
    values = {name: 0.0 for name in load_parameters()}
    with pytest.raises(KeyError, match="unknown"):
        parameter_vector(values | {"luck": 1.0})
    values.pop("search_a")
    with pytest.raises(KeyError):
        parameter_vector(values)


def test_layout_names_all_columns_and_their_types():
    assert tuple(LAYOUT) == Columns._fields
    columns = random_world(1).columns
    for name, (dtype, ndim) in LAYOUT.items():
        array = getattr(columns, name)
        assert (array.dtype.name, array.ndim) == (dtype, ndim), name
        layout = "F_CONTIGUOUS" if name in BY_ENTITY else "C_CONTIGUOUS"
        assert array.flags[layout], name


def test_a_copy_keeps_layout_and_shares_only_what_nothing_writes():
    from simulator.engine import MUTABLE_SHARED

    world = random_world(1)
    other = world.copy()
    for name in Columns._fields:
        one, two = getattr(world.columns, name), getattr(other.columns, name)
        assert np.array_equal(one, two)
        assert one.flags.f_contiguous == two.flags.f_contiguous
        if name not in MUTABLE_SHARED and one.size:
            assert not np.shares_memory(one, two), name


def test_handle_has_room_for_every_column():
    assert list(OFFSETS) == list(FIELDS) == list(LAYOUT)
    assert max(OFFSETS.values()) < TABLE_WORDS * 8
    columns = random_world(1).columns
    with pytest.raises(TypeError, match="people"):
        Handle(columns._replace(people=columns.people.astype(np.int64)))


@pytest.mark.parametrize("names", [Person, Post, Event, Count, Total, Par])
def test_positions_run_from_zero_without_gaps(names):
    assert [int(member) for member in names] == list(range(len(names)))


def test_flows_have_room_for_all_causes_and_fills():
    assert Flow.FILL - Flow.OPENED == Cause.HIRE_FROM_WORKPLACE + 1
    assert Flow.OPENED_PUBLIC - Flow.FILL == Fill.OPEN
    assert len(Event) * 4 <= 48  # bytes a row
