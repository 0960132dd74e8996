"""Rows of landed files as changes of keys, and what each does to its table."""
