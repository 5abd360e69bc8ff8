"""What the command line shows: colour and columns on a terminal, a line of JSON a thing everywhere else."""
