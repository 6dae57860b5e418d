"""The trade's terms as values: money, dates, entities, decisions, changes, the field catalogue."""
