"""How models are measured: the split of a dictionary, retrieval, significance and the leaderboard."""
