"""`python -m dashboard`: the server, with everything prepared that a first visit needs.

Options are those of `streamlit run`.
"""

import logging
import sys

from dashboard import APP


def main() -> None:
    """Prepare, then serve until the process is stopped."""
    prepare()
    from streamlit.web import cli

    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main()


def prepare() -> None:
    """Import the pages' modules and compute what the first page shows, before anybody waits."""
    # Streamlit warns that its caches are used outside a session, which is meant here.
    logging.disable(logging.WARNING)
    try:
        from dashboard import services

        services.prepare()
    finally:
        logging.disable(logging.NOTSET)


if __name__ == "__main__":
    main()
