"""Formulas of fields and validation rules: parsed, typed and evaluated."""
