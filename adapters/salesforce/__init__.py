"""Salesforce: the adapter, its emulator and what is installed inside the org."""
