"""Score, grade, limit, hold and colour."""
