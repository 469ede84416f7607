"""``python -m pg_dryrun``: the same as ``pg-dryrun``."""

from pg_dryrun.cli import main

if __name__ == "__main__":
    main()
