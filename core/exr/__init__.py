"""EXR files, and the passes in them. Only this package imports OpenEXR."""
