"""Networks as standalone programs, one module per language."""
