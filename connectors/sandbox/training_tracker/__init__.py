"""The sandbox's Training Tracker: its database schema, the people in it, and their data."""
