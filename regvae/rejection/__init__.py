"""Rejection sampling: unwanted codes, proposals, acceptance rules, policies, samples, reports."""
