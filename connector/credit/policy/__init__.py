"""The policy document: rules as a credit manager writes them."""
