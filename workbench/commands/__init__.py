"""What each command of the command line does: a module a topic, each with its parsers beside it."""
