"""How good a model is, and what a study over training seeds finds."""
