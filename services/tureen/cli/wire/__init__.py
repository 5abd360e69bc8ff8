"""What `tureen call`, `listen` and `nodes` ask of a running cluster."""
