"""Records of a thousand frames in one file: how a pack is written, found, read and locked."""
