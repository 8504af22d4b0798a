"""G2P backends that come with the package, one file each."""
