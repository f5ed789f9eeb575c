"""Uploaded bytes in, checked rows and domain objects out, and back to bytes again."""
