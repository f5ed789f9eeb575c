"""Building blocks of the tabs: views drawn by the page's scripts, and choosers that keep themselves current."""
