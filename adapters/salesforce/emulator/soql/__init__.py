"""SOQL: a grammar, and a run of the parsed query over the record store."""
