"""Files on the disk without a name: gone with their object, and however the server ends."""

import os
import tempfile
import weakref
from typing import BinaryIO


class UnnamedFile:
    """A file without a name, in the folder for temporary files: to be written, then read."""

    def __init__(self) -> None:
        self.writing: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with this object
        weakref.finalize(self, self.writing.close)

    def read(self) -> bytes:
        """All that has been written; several threads may read at a time."""
        self.writing.flush()
        descriptor = self.writing.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
