"""eSpeak NG as a G2P backend of coqui-amharic-ext."""
