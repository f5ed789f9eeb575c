"""Storage: the only place with SQL and the only one that writes artefacts."""
