"""Stock-shaped training recipes; they differ from upstream's in config values alone."""
