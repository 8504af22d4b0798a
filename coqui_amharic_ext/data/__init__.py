"""A training corpus before training: a check, a mended copy, imports from elsewhere."""
