"""The web page: text, training, data, performance and synthesis, on this computer only."""
