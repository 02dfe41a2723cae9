"""What people read on the pages: one file a page or panel, each of which imports `common` only."""
