"""Templates of the pages made for people."""
