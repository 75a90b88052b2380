"""Nouns: what the house talks about. Nothing here does I/O, reads a clock or draws a random number."""
