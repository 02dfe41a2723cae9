"""How good a model is: accuracy, diagnosis, the notebook's figures, studies over seeds."""
