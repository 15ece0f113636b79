"""What checks cost: the same rows, written and checked in several ways."""
