"""The health of files: what is wrong with them, where, and who repairs it."""
