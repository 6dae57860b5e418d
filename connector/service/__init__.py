"""Use cases: what CLI, console and daemon can ask for."""
