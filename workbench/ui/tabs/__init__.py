"""The tabs, one module each with ``build(page)``."""
