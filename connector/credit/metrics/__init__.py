"""Numbers computed at the valuation date."""
