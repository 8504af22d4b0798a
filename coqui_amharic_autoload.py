"""What ``import torch`` loads: it lies beside the package and guards what is loaded of it.

PyTorch turns whatever an entry point raises into a failing ``import torch``. A package that is
gone, cut off, hidden by a file of its name or short of a dependency costs one line instead.
"""


def autoload():  # type: ignore[no-untyped-def]
    """Entry point in group ``torch.backends``. Never raises."""
    try:
        import os

        if os.environ.get("COQUI_AMHARIC_AUTOLOAD", "1").strip() == "0":
            return
        from importlib.util import find_spec

        found = find_spec("coqui_amharic_ext")
        if found is None:
            raise ImportError("its package is not there, its metadata is")
        if found.submodule_search_locations is None:  # not run: it may be the user's program
            raise ImportError(f"{found.origin} hides its package")
        from coqui_amharic_ext.autoload import finder

        finder.install()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a dependency that ends the process is no reason to, either
        import logging

        logging.getLogger("coqui_amharic_ext").error(
            "coqui-amharic-ext could not be loaded and Coqui runs without it (%s: %s); reinstall "
            "it, or remove it: pip uninstall coqui-amharic-ext",
            type(error).__name__,
            " ".join(str(error).split()),
        )
