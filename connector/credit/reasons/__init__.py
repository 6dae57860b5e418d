"""Why, in data and in words."""
