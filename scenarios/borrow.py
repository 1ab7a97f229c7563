"""What a place borrows: a file with ``like = "kokkola"`` says only what it knows itself.

Everything else is taken from the place named, and every number taken is marked: ``borrowed`` names
the place that measured it, and its grade falls to what it is here (B within the country, C from
another one; judgements stay judgements). Head counts are never borrowed; two that only shape the
world (the largest workplace, people hired who move in) are scaled to the size of the place.

What must hold together is fitted afterwards: spells in the register to the long-term share, and
the occupations of sectors, which such a file gives as profiles, to the occupations of all posts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

OWN = (
    "schema", "id", "country", "name", "description", "base_period", "default_mix", "today",
    "like", "ten", "scale", "local", "employers", "parameters",
)  # fmt: skip
COUNTS = (
    "margins.residents", "margins.filled_posts", "margins.register_unemployed",
    "margins.population", "margins.employed_residents_published",
    "margins.labour_force_published", "vacancies.public_stock", "vacancies.public_opened",
    "vacancies.registered_stock",
)  # fmt: skip
SCALED = {
    "workplaces.largest": "margins.filled_posts",
    "demography.movers_with_job": "margins.residents",
}

Data = dict[str, Any]


def is_number_table(item: Any) -> bool:
    """Whether a parsed table is a number or a row of numbers."""
    return isinstance(item, dict) and ("value" in item or "values" in item)


def borrow(own: Data, base: Data) -> Data:
    """Return the data of a place whose gaps are filled from another one.

    Parameters
    ----------
    own
        Parsed file of the place, with ``like``.
    base
        Whole parsed data of the place it is like.
    """
    same_country = own.get("country") == base.get("country")
    merged = {key: own[key] for key in OWN if key in own}
    for key in [*base, *(key for key in own if key not in base)]:
        if key not in OWN:
            merged[key] = _merge(own.get(key), base.get(key), key, base["id"], same_country)
    return {key: value for key, value in merged.items() if value is not None}


def _merge(own: Any, base: Any, path: str, place: str, same_country: bool) -> Any:
    if own is None:
        return None if path in COUNTS else _marked(base, path, place, same_country)
    if base is None or is_number_table(own) or is_number_table(base):
        return own
    if isinstance(own, dict) and isinstance(base, dict):
        names = [*own, *(name for name in base if name not in own)]
        merged = {
            name: _merge(own.get(name), base.get(name), f"{path}.{name}", place, same_country)
            for name in names
        }
        return {name: value for name, value in merged.items() if value is not None}
    if isinstance(own, list) and _have_ids(base):
        known = {item["id"]: item for item in base}
        return [
            _merge(item, known[item["id"]], path, place, same_country)
            if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"] in known
            else item
            for item in own
        ]
    return own


def _have_ids(items: Any) -> bool:
    return isinstance(items, list) and all(
        isinstance(i, dict) and isinstance(i.get("id"), str) for i in items
    )


def _marked(item: Any, path: str, place: str, same_country: bool) -> Any:
    """Return a copy in which every number says where it comes from."""
    if is_number_table(item):
        grade = item.get("grade")
        if grade in ("A", "B"):
            grade = "B" if same_country else "C"
        return {**item, "grade": grade, "borrowed": item.get("borrowed") or place}
    if isinstance(item, dict):
        return {
            name: _marked(value, f"{path}.{name}", place, same_country)
            for name, value in item.items()
            if f"{path}.{name}" not in COUNTS
        }
    if isinstance(item, list):
        return [_marked(value, path, place, same_country) for value in item]
    return item


def lookup(data: Data, key: str) -> Any:
    """Return what stands under a key path, or None; lists are entered by the id of an entry."""
    here: Any = data
    for part in key.split("."):
        if isinstance(here, list):
            here = next((i for i in here if isinstance(i, dict) and i.get("id") == part), None)
        else:
            here = here.get(part) if isinstance(here, dict) else None
        if here is None:
            return None
    return here


def value_of(data: Data, key: str) -> float | None:
    """Return the value of the number under a key path, or None."""
    table = lookup(data, key)
    value = table.get("value") if isinstance(table, dict) else None
    return float(value) if isinstance(value, int | float) else None


def scale_counts(merged: Data, own: Data, base: Data) -> None:
    """Scale the counts that are borrowed by the size of the place, in place."""
    for key, by in SCALED.items():
        here, there = value_of(merged, by), value_of(base, by)
        table = lookup(merged, key)
        borrowed = isinstance(table, dict) and "borrowed" in table
        if lookup(own, key) is not None or not here or not there or not borrowed:
            continue
        factor = here / there
        scaled = {name: table[name] * factor for name in ("value", "low", "high") if name in table}
        table.update(scaled, note=f"in proportion to {by}; {table['value']:g} in {base['id']}")


def fit_together(data: Data) -> None:
    """Fit borrowed and laid-over rows to the margins that they must agree with, in place.

    Malformed tables are left as they are: the check of the file names them.
    """
    try:
        _fit_spells(data)
        _fit_occupations(data)
    except (KeyError, TypeError, ValueError, AttributeError):
        return


def _fit_spells(data: Data) -> None:
    """Give the registered spells of 12 months and more the share in the margins."""
    durations = data["durations"]
    edges = np.array(durations["edges"], dtype=float)
    row = durations["registered"]
    shares = np.array(row["values"], dtype=float)
    wanted = value_of(data, "margins.register_long_term_share")
    long = edges[:-1] >= 12
    if wanted is None or shares.size != long.size or 12 not in edges or not 0 < wanted < 1:
        return
    if abs(shares[long].sum() - wanted) < 0.002:
        return
    fitted = np.where(long, shares * wanted / shares[long].sum(), 0.0)
    fitted += np.where(long, 0.0, shares * (1 - wanted) / shares[~long].sum())
    durations["registered"] = {
        **{name: value for name, value in row.items() if name not in ("low", "high")},
        "values": [round(float(share), 6) for share in fitted],
        "grade": "D",
        "spread": row.get("spread", 0.3),
        "note": "scaled to margins.register_long_term_share",
    }


def _fit_occupations(data: Data) -> None:
    """Scale the occupations of the sectors so that all sectors together have those of all posts."""
    sectors = data["sectors"]
    posts = np.array([sector["posts_share"]["value"] for sector in sectors], dtype=float)
    profile = np.array([sector["occupations"]["values"] for sector in sectors], dtype=float)
    wanted = np.array(data["occupations"]["shares"]["values"], dtype=float)
    if profile.shape != (posts.size, 9) or wanted.shape != (9,) or (posts <= 0).any():
        return
    if (wanted < 0).any() or not 0 < wanted.sum() < np.inf:
        return  # its reader says what is wrong
    posts, wanted = posts / posts.sum(), wanted / wanted.sum()
    table = np.maximum(profile, 1e-4) * posts[:, None]
    if np.abs(table.sum(0) / table.sum() - wanted).max() < 0.002:
        return
    for _ in range(200):
        found = table.sum(0)  # nobody in a group that nobody should be in
        table *= np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)
        table *= (posts / table.sum(1))[:, None]
    table /= table.sum(1, keepdims=True)
    for sector, row in zip(sectors, table, strict=True):
        given = sector["occupations"]
        kept = {name: value for name, value in given.items() if name not in ("low", "high")}
        sector["occupations"] = {
            **kept,
            "values": [round(float(share), 6) for share in row],
            "spread": given.get("spread", 0.3),
            "note": "profile, scaled to occupations.shares",
        }
