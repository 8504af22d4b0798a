"""One file per kernel: its declaration and the function that calls it."""
