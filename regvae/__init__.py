"""A variational autoencoder of UK car registrations, served with NumPy.

>>> import regvae
>>> bundle = regvae.load("notebook-2d")
>>> bundle.autoencoder.decode([[0.0, 0.0]])

Importing this package loads neither TensorFlow nor Streamlit; `regvae.training` needs TensorFlow.
"""

from regvae.generation.results import run as run
from regvae.latent.gaussians import NearestGaussian as NearestGaussian
from regvae.model.bundle import Bundle as Bundle
from regvae.model.bundle import load as load
from regvae.rejection.policy import Policy as Policy
from regvae.rejection.sampling import report as report
from regvae.rejection.sampling import sample as sample
from regvae.rejection.unwanted import Unwanted as Unwanted

__version__ = "0.1.0"
