"""`python -m regvae` is the command line."""

from regvae.cli.main import main

main()
