"""A stand-in for torchvision, which package indexes have no build of for torch without CUDA. Ultralytics imports it
and asks for its version; of its functions training and validating need no other than `ops.nms`."""

from . import ops

__all__ = ["ops"]
__version__ = "0.28.0"
