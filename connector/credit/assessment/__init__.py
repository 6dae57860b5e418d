"""Does the score separate, do the alerts help, which of two policies costs less."""
