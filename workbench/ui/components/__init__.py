"""Building blocks of the tabs: views that the page's scripts draw, choosers, and generated forms."""
