"""The named presets."""

from dataclasses import replace

from regvae.model.config import Data, Network, Order, Phase, Preset, Privacy, Training


def _wide(latent_dim: int) -> Network:
    return Network(latent_dim, encoder=(256, 128), decoder=(128, 256))


_CATEGORICAL = Training(
    phases=(Phase(0.002, 60, "cosine"),),
    batch_size=64,
    reconstruction_weight=1.0,
    likelihood="categorical",
    beta=0.3,
    optimizer="adam",
)
"""Where the presets that are not the notebook's begin; `docs/recipes.md` explains the choice."""

_PRIVATE = replace(
    _CATEGORICAL,
    batch_size=1_000,
    beta=0.03,
    privacy=Privacy(clip=1.0, noise_multiplier=2.9, delta=1e-5),
)
"""Common to the private presets: epsilon is 7.63 for 10,000 training codes."""

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "notebook-2d",
            Network(latent_dim=2),
            about="The published notebook's model, unchanged. Two latent dimensions are too few "
            "for a reg: it encodes the two digits and hardly the letters. Which number is where "
            "differs between training runs, and so do the codes that its threshold accepts.",
        ),
        Preset(
            "notebook-15d",
            Network(latent_dim=15),
            about="The notebook's second model: fifteen latent dimensions encode nearly all of a "
            "reg. The map can only show a plane of the space, and a threshold that rejects a "
            "zone of a plane rejects almost nothing in fifteen dimensions.",
        ),
        Preset(
            "ordered-2d",
            _wide(2),
            training=replace(_CATEGORICAL, beta=0.1, orders=(Order("number", 1),)),
            about="The number increases along the first axis, because the loss penalises any "
            "other order (attribute regularisation, Pati and Lerch 2020). So the regs with small "
            "numbers are all on one side, and even the notebook's threshold has a high purity.",
        ),
        Preset(
            "exact-15d",
            _wide(15),
            training=replace(_CATEGORICAL, random_share=0.5),
            about="Reconstructs new regs exactly. Each character is one choice among 26 or 10 (a "
            "softmax), not 26 or 10 binary outputs, the divergence from the prior has less weight, "
            "and half of the regs that it trains on are random.",
        ),
        Preset(
            "exact-64d",
            Network(64, encoder=(), decoder=(512,)),
            training=replace(
                _CATEGORICAL, phases=(Phase(0.003, 150, "cosine"),), beta=0.1, random_share=0.9
            ),
            about="For codes of 16 or more characters: more latent dimensions, a longer schedule, "
            "and an encoder without hidden layers, so that each character adds its own vector to "
            "the mean. Most codes that it trains on are random, so that it learns all combinations "
            "of characters.",
        ),
        Preset(
            "principled-2d",
            Network(2, encoder=(64,), decoder=(64,)),
            training=replace(
                _CATEGORICAL,
                phases=(Phase(0.003, 80, "cosine"),),
                batch_size=128,
                beta=1.0,
                warm_up=40,
                noise=1.0,
                divergence="exact",
            ),
            about="The noise and the divergence use the same sigma, so the loss is an upper bound "
            "on the code length: on average over new regs it is not below 20.48 nats, the "
            "generator's entropy. The characters of a reg are independent, so encoding a digit "
            "costs about as much as it saves; without a warm-up all means collapse to one point.",
        ),
        Preset(
            "dvla-2d",
            _wide(2),
            Data(source="dvla"),
            replace(
                _CATEGORICAL,
                phases=(Phase(0.002, 100, "cosine"),),
                orders=(Order("period", 1, sharpness=30.0), Order("area", 2)),
            ),
            about="Only regs that DVLA may issue, ordered by registration period along the first "
            "axis and by area along the second: a map of time and place. It encodes the area, "
            "and the time to about half a year.",
        ),
        Preset(
            "private-2d",
            Network(2, encoder=(), decoder=(128,)),
            training=replace(_PRIVATE, phases=(Phase(0.015, 200, "cosine"),), beta=0.01),
            about="Trained with differential privacy (DP-SGD, Abadi et al. 2016): the weights "
            "hardly depend on any one training reg, and epsilon says how little. It encodes the "
            "two digits, as the notebook's model does. Its noise is drawn anew in each training "
            "run, so training it again gives another model.",
        ),
        Preset(
            "private-15d",
            Network(15, encoder=(), decoder=()),
            training=replace(_PRIVATE, phases=(Phase(0.07, 200, "cosine"),)),
            about="Fifteen dimensions, trained with differential privacy (DP-SGD, Abadi et al. "
            "2016). It has no hidden layers, because every weight gets noise, and fewer weights "
            "lose less by it. The noise is drawn anew in each training run, so training it again "
            "gives another model.",
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name. Raises `ValueError` listing the names that exist."""
    if name not in PRESETS:
        raise ValueError(
            f"expected the name of a preset ({', '.join(PRESETS)}), got {name[:40]!r}; choose one "
            "of them"
        )
    return PRESETS[name]
