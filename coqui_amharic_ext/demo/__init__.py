"""The bundled corpus and what ``coqui-amharic demo`` runs."""
