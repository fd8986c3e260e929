"""`python -m goldpan`: the program."""
from goldpan._program import main

main()
