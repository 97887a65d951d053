"""What journal and vault stand on: the database, the hash chain, private key files."""
