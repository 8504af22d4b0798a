"""``python -m coqui_amharic_ext`` is ``coqui-amharic``."""

from coqui_amharic_ext.cli import main

if __name__ == "__main__":
    main()
