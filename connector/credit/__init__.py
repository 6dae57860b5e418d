"""The credit engine: metrics, scorecard, limit, flags, decisions and their reasons."""
