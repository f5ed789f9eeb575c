"""Training: recipes made of stages, run by a worker process that a supervisor thread owns."""
