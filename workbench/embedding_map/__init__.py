"""A dictionary on a map: its terms laid out in the plane by what a model takes them to mean."""
