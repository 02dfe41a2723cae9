"""What a first visit needs, prepared before the server opens its port."""

import gc

from dashboard import services, state
from dashboard.panels import journey, leaks, results, searched, without_mouse  # noqa: F401 -- to load
from dashboard.panels.plane_controls import usual_choice
from dashboard.panels.sampling_form import usual_policy, usual_unwanted


def prepare() -> None:
    """Load the modules of the first page and compute what it shows by default.

    Everything is then taken out of the garbage collector's sight: Streamlit collects after every
    run of the script, and would look at all libraries' objects again and again.
    """
    name = state.DEFAULTS[state.MODEL]
    version = services.version_of(name)
    services.geometry(name, version)
    anchor = tuple(services.mean_of_means(name, version).tolist())
    services.sample_layer(
        name, version, usual_policy(name, version), usual_choice(name, version), anchor
    )
    services.gaussians(name, version)
    unwanted = usual_unwanted(name, version)
    services.wanted_layer(name, version, unwanted)
    services.painted_layer(
        *(name, version, state.DEFAULTS[state.COLOUR], usual_choice(name, version), anchor),
        unwanted=unwanted,
    )
    gc.collect()
    gc.freeze()
