"""What each law makes a letter say, with its citation."""
