"""What is drawn in the browser: typed input, typed events, one file a component."""
