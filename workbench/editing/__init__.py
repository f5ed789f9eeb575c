"""Edits of a synonym dictionary: planned against what is there, kept as steps that can be undone."""
