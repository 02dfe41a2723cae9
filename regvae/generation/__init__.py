"""Sampling runs: a policy from start to end, to files of results with one manifest."""
