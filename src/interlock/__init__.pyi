from interlock.app.library import Detector as Detector
from interlock.app.library import Masker as Masker

__all__ = ["Detector", "Masker", "__version__"]

__version__: str
