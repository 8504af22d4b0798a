"""Stock-shaped training recipes: config values, and a command line that ignores nothing."""
