"""`python -m kyozon` is `kyozon`."""

from kyozon.cli import main

main()
