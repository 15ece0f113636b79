"""`python -m sparkjobs`: the same program as the console script and main.py."""

from sparkjobs.cli import main

if __name__ == "__main__":
    main()
