"""`python -m regvae` is the command line."""

from regvae.cli import main

main()
