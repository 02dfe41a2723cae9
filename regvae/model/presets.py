"""The named presets."""

from dataclasses import replace

from regvae.model.config import Data, Network, Order, Phase, Preset, Training


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
"""What the presets of our own have in common. How it was found: see the README."""

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "notebook-2d",
            Network(latent_dim=2),
            about="The published notebook's model, to the letter. Two numbers cannot hold a "
            "reg: it keeps the two digits and lets the letters go. Where it puts which "
            "number differs from one training to the next, and so does what its threshold "
            "lets through.",
        ),
        Preset(
            "notebook-15d",
            Network(latent_dim=15),
            about="The notebook's second model: fifteen numbers hold nearly all of a reg. The "
            "map can only show a plane of the space, and a threshold that rejects a zone "
            "of a plane rejects next to nothing in fifteen dimensions.",
        ),
        Preset(
            "ordered-2d",
            _wide(2),
            training=replace(_CATEGORICAL, beta=0.1, orders=(Order("number", 1),)),
            about="The number runs along the first axis, because training was told so "
            "(attribute regularisation, Pati and Lerch 2020). What is unwanted then lies "
            "on one side, and even the notebook's threshold keeps what it promises.",
        ),
        Preset(
            "exact-15d",
            _wide(15),
            training=_CATEGORICAL,
            about="Rebuilds regs it has never seen to the last character. Each character is one "
            "choice among 26 or 10 (a softmax), not 26 or 10 separate yeses and noes, and "
            "the pull towards the prior is weaker.",
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
            about="One sigma for the noise and for the divergence, so that its loss is a true "
            "bound on the nats it takes to tell a reg: over new regs never below the "
            "20.48 of the generator. The characters are drawn independently, so that "
            "remembering a digit costs about what it saves; without a warm-up the map "
            "collapses to a point.",
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
            about="Only regs that DVLA may issue, with the registration period along the first "
            "axis and the area along the second: a map of time and place. It tells the "
            "area, and the time to about half a year.",
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name. Raises `ValueError` naming those that exist."""
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
