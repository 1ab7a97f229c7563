"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# compiled rules make the first example slow; the same examples in every run
settings.register_profile(
    "project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")
