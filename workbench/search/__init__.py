"""Looking things up with a model: nearest terms, and how alike two terms are."""
