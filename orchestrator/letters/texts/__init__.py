"""What letters say: one file for each kind, and the words they have in common."""
