"""The model, the rule and the plane that all panels beside the map use."""

from dataclasses import dataclass

from dashboard import services
from dashboard.panels.plane_controls import Slice
from regvae.formats import Codes
from regvae.model.bundle import Bundle
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Rule
from regvae.rejection.unwanted import Unwanted


@dataclass(frozen=True)
class Context:
    """A bundle (by name and version), what is unwanted, the rule, and the slice that is shown.

    `unwanted` is None if the widgets define nothing that can be used; so is `policy`, the form's.
    """

    name: str
    version: str
    unwanted: Unwanted | None
    rule: Rule
    shown: Slice
    policy: Policy | None = None

    @property
    def bundle(self) -> Bundle:
        """The bundle."""
        return services.bundle(self.name, self.version)

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return self.bundle.records.latent_dim

    @property
    def measurer(self) -> Measurer:
        """The measurer of points for the rule. Only if `policy` is not None."""
        assert self.policy is not None
        return services.measurer_of(self.name, self.version, self.policy)

    def kinds(self, codes: Codes) -> list[str]:
        """The kind of plate of each code (n,): "unwanted", or "" for all others."""
        if not self.unwanted:
            return [""] * len(codes)
        unwanted = self.unwanted.of_codes(codes, self.bundle)
        return ["unwanted" if one else "" for one in unwanted]
