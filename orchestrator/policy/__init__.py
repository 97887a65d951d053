"""The published privacy policy: its text, the rules it is held against, and what the inventory says instead."""
