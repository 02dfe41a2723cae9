"""A trained model: how it is described, computed, stored and loaded."""
