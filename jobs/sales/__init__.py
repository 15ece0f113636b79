"""The first example: what sells where."""
