"""What others implement for us: sources, targets, the store, clock and secrets."""
