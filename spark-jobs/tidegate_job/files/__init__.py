"""Landed files, of any format, as rows; each that can not be read whole is named."""
