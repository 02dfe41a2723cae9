"""What is known of accepted points: collisions with records, and leaks."""
