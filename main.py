"""The entry for spark-submit: `spark-submit main.py run`."""

from sparkjobs.cli import main

main()
