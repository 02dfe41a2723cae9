"""`python -m dashboard`: the server, with everything prepared that a first visit needs.

Options are those of `streamlit run`.
"""

import logging
import sys
from contextlib import suppress

from dashboard import APP


def main() -> None:
    """Prepare, then serve until the process is stopped."""
    # Streamlit warns that its caches are used outside a session, which is meant here.
    logging.disable(logging.WARNING)
    from dashboard.prepare import prepare

    with suppress(ValueError, OSError):  # the page tells what is wrong with a model or a folder
        prepare()
    logging.disable(logging.NOTSET)
    from streamlit.web import cli

    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
