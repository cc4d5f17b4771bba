"""Crisis and risk. Nothing is built here yet; the house keeps the place (docs/architecture.md)."""
