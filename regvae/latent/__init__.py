"""The geometry of a latent space: Gaussians, mixtures, polygons, planes and paths."""
