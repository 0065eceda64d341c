"""What pages are made of: plots, tables, sentences and HTML fragments."""
