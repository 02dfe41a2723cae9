"""Variational autoencoders of short codes (UK car registrations), decoded with NumPy.

>>> import regvae
>>> bundle = regvae.load("notebook-2d")
>>> bundle.autoencoder.decode([[0.0, 0.0]])

Importing this package loads neither TensorFlow nor Streamlit; `regvae.training.trainer` needs
TensorFlow.
"""

from regvae import workers as workers
from regvae.formats.format import Format as Format
from regvae.generation.parts import generate_parts as generate_parts
from regvae.generation.results import generate as generate
from regvae.model.bundle import Bundle as Bundle
from regvae.model.bundle import load as load
from regvae.rejection.policy import Policy as Policy
from regvae.rejection.sampling import report as report
from regvae.rejection.sampling import sample as sample
from regvae.rejection.unwanted import Unwanted as Unwanted

__version__ = "0.1.0"
