"""Bulk API (version 1, `/services/async`): jobs of batches, for the clients that still speak it."""
