"""Which latent points are accepted: one file for each rule, and a dictionary of all rules.

`certified` judges the decoded code, so that its results are wanted by construction. The others are
predictors: they judge the latent point alone, and their purity is estimated. `one-sided` is the
notebook's: farther than a threshold from every unwanted record. That accepts points far outside the
map too, where the decoder extrapolates, so `two-sided` (distances) and `posterior` (densities) also
require wanted records nearby. `learned` has seen decoded points, and measures against no record.
"""

from collections.abc import Mapping
from typing import Any

from regvae.rejection.rules.certified import Certified as Certified
from regvae.rejection.rules.learned import Learned as Learned
from regvae.rejection.rules.one_sided import OneSided as OneSided
from regvae.rejection.rules.one_sided import notebook_tail as notebook_tail
from regvae.rejection.rules.posterior import Posterior as Posterior
from regvae.rejection.rules.rule import Limit as Limit
from regvae.rejection.rules.rule import Measure as Measure
from regvae.rejection.rules.rule import Measures as Measures
from regvae.rejection.rules.rule import Parameter as Parameter
from regvae.rejection.rules.rule import Rule as Rule
from regvae.rejection.rules.rule import RuleError as RuleError
from regvae.rejection.rules.rule import parameter as parameter
from regvae.rejection.rules.two_sided import TwoSided as TwoSided

RULES: dict[str, type[Rule]] = {
    OneSided.name: OneSided,
    TwoSided.name: TwoSided,
    Posterior.name: Posterior,
    Certified.name: Certified,
    Learned.name: Learned,
}
"""Every rule by its name. A new rule is a new file beside these and one line here."""


def rule_named(name: str, values: Mapping[str, Any] | None = None) -> Rule:
    """A rule by its name and values of some of its parameters; the others have their defaults.

    Raises `RuleError` if there is no such rule or parameter, or a value is out of range.
    """
    if not isinstance(name, str) or name not in RULES:
        raise RuleError(
            f"expected a rule ({', '.join(RULES)}), got {str(name)[:40]!r}; choose one of them"
        )
    given = dict(values or {})
    known = [one.name for one in RULES[name].parameters()]
    for parameter_name in given:
        if parameter_name not in known:
            raise RuleError(
                f"expected parameters of the rule {name} ({', '.join(known)}), got "
                f"{parameter_name[:40]!r}; leave it out"
            )
    return RULES[name](**given)
