"""The parts of pages: plots, tables, sentences and HTML fragments."""
