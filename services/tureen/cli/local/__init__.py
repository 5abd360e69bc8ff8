"""`tureen up`: a whole cluster on this machine, supervised."""
