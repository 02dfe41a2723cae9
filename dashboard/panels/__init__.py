"""What is beside the map: forms, findings, results."""
