"""Audits of results: collisions with records, bounds on their rate, and the leak hunter."""
