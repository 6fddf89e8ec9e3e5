"""What the commands of `labelpass` do: a module for each, called like it. Its `run` takes the options that the module
of that name in core/cli/options has read, and returns the exit code."""
