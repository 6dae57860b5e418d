"""The book as a whole."""
