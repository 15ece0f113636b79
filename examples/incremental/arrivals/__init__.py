"""Flights and airports as they arrive over time."""
