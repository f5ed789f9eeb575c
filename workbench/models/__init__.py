"""What turns text into vectors: the catalogue of base models, loading, encoding, lexical baselines."""
