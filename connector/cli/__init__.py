"""The command line. `main.py` is the entry; each file of commands imports its rooms lazily."""
