"""The options of the commands of `labelpass`: a module for each, called like it, which imports no numpy."""
