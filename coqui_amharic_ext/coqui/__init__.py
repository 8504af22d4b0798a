"""All contact with ``TTS.*``: phonemizer, characters, cleaner, XTTS's text side, vocabulary."""
