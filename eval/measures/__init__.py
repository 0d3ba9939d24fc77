"""Measures of the book's text: how true to its source it is, and where its sentences end."""
