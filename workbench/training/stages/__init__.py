"""One file a technique; each registers one StageSpec and is found by being in this folder."""
