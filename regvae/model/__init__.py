"""A model: configuration, network, encoded records, and bundles on disk."""
