"""Reading and writing, each written once: files, lines, sound, processes and their signals."""
