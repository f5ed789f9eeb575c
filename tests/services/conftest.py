"""Fixtures of the services' tests."""

from real_workers import home, open_services  # noqa: F401  (fixtures)
