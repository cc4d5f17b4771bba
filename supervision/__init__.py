"""Supervision of staff communications. Nothing is built here yet; the house keeps the place."""
