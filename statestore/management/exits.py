"""The exit codes of the commands. 2 is argparse's, for words that no command knows."""

NOTHING_DONE = 1
INCOMPLETE = 3  # part of it was done
INTERRUPTED = 130  # by Ctrl-C, as shells count
