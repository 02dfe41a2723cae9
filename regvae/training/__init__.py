"""Training networks with Keras, in this process or in jobs of their own."""
