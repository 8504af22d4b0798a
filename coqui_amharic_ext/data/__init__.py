"""Training corpora before training: check, fix, import."""
