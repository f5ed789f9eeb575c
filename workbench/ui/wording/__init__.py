"""The page's strings, one module for each tab: ``TEXTS`` maps a key to its Chinese and its English."""
