"""Fixtures that every kind of test shares."""

pytest_plugins = ["sparkjobs.testing"]
