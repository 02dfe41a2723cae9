"""The panels beside the map, and the form of a training run."""
