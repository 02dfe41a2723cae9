"""The command line: `regvae COMMAND`."""

from regvae.cli.main import main as main
