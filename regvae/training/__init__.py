"""Training networks with Keras: in this process, or as jobs in processes of their own."""
