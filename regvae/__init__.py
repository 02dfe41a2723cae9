"""A variational autoencoder of UK car registrations, served with NumPy.

>>> import regvae
>>> bundle = regvae.load("notebook-2d")
>>> bundle.autoencoder.decode([[0.0, 0.0]])

Importing this package loads neither TensorFlow nor Streamlit; `regvae.training` needs TensorFlow.
"""

from regvae.bundle import Bundle as Bundle
from regvae.bundle import load as load
from regvae.distance import NearestGaussian as NearestGaussian
from regvae.sampling import report as report
from regvae.sampling import sample as sample

__version__ = "0.1.0"
