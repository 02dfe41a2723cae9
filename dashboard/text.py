"""The words a user reads."""

EXPLORE = "Explore"
READ = "What am I looking at?"
FIGURES = "How good is it?"
