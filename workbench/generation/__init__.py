"""Rows made by a language model behind an endpoint: asked, parsed, filtered, queued for a yes or no."""
