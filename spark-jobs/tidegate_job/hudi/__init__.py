"""Hudi tables: looked at, and written."""
