"""A policy run to its end: results as files, with one manifest."""
