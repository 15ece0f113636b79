"""The project's transformations: pure functions from frames to a frame. No reads, no writes, no session."""
