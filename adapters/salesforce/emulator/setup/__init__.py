"""The set-up side of the emulated org: SOAP, metadata, Tooling, permission sets."""
