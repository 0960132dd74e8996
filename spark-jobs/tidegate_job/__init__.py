"""The Spark job of Tidegate: a plan in, table commits and outcomes out."""
