"""What the tests of shared workbenches have in common: people with one password, and a clock to set."""

from workbench.accounts import Cost

CHEAP = Cost(n=16, r=1, p=1)  # a comparison in microseconds; what it costs in earnest is tested by itself
PASSWORD = "correct horse"


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now
