"""A variational autoencoder of UK car registrations, served with NumPy.

>>> import regvae
>>> bundle = regvae.load("notebook-2d")
>>> bundle.autoencoder.decode([[0.0, 0.0]])

Importing this package loads neither TensorFlow nor Streamlit; `regvae.training` needs TensorFlow.
"""

from regvae.bundle import Bundle as Bundle
from regvae.bundle import load as load
from regvae.distance import NearestGaussian as NearestGaussian
from regvae.policy import Policy as Policy
from regvae.results import run as run
from regvae.sampling import report as report
from regvae.sampling import sample as sample
from regvae.unwanted import Unwanted as Unwanted

__version__ = "0.1.0"
