"""The test kit that ships with the product, so that third-party adapters can be tested with it."""
