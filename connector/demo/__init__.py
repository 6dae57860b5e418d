"""A seeded company in our own terms, and public receivables sets read into the same terms."""
