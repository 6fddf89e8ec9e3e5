"""Dataset formats, each written from frame records by one module."""
