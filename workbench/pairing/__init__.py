"""Training pairs made from a dictionary: from its pairs, from templates and from sentences of a corpus."""
