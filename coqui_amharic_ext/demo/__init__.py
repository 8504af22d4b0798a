"""The bundled corpus and the steps of ``coqui-amharic demo``."""
