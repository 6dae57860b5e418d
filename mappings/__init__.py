"""Shipped documents: mappings and policies, as data beside the code."""
