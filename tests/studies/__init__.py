"""Long tests on the shipped models, each a command of its own; its figures are in the docs."""
