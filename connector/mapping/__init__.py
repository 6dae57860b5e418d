"""Mapping documents: vendor fields in our terms and back."""
