"""What models and results tell of records: collisions, leaks, attacks, holes, quality, a report."""
