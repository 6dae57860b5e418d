"""Adapters: one folder for each vendor whose API is spoken."""
