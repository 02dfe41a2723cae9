"""Rejection sampling: what is unwanted, which points a rule accepts, where points are proposed."""
