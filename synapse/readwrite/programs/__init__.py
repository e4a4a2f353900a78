"""Networks as programs that stand alone, a module a language."""
