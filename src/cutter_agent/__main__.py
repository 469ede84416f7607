"""``python -m cutter_agent``: the same as ``iu-cutter``."""

from cutter_agent.cli import main

if __name__ == "__main__":
    main()
