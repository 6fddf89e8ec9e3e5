"""What can be said before a render: which passes it will lack, and which pass indices objects need."""
