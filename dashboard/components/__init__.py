"""What is drawn in the browser: the components, and the tables that they get."""
