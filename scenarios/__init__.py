"""What the world is like: places, parameters, measures and mixes, as checked data."""

from scenarios.errors import ScenarioError
from scenarios.loader import load_parameters, load_site, shipped_sites
from scenarios.schema import Site

__all__ = ["ScenarioError", "Site", "load_parameters", "load_site", "shipped_sites"]
