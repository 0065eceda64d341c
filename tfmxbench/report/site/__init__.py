"""Sphinx: directives, gallery templates, the build."""
