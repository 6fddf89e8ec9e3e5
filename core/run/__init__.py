"""Many frames through several processes, and what became of each."""
