"""Iceberg tables: looked at, written and replaced."""
