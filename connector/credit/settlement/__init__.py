"""Which payment settled which document."""
