"""What setup.cfg cannot say about an editable installation; the rest is there."""

from setuptools import setup
from setuptools.command.editable_wheel import editable_wheel


class EditableWheel(editable_wheel):
    """Install data files, which setuptools means to do and then asks for under another name."""

    def run(self) -> None:
        """Build the wheel."""
        self.distribution.has_data = self.distribution.has_data_files
        super().run()


setup(cmdclass={"editable_wheel": EditableWheel})
