"""Customers and their orders: SQL, and one job in Python."""
