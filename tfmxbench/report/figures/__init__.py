"""Drawing: plots, tables, sentences, HTML fragments."""
