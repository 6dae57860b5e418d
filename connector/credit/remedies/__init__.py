"""The way back, worked out on a copy of the facts."""
