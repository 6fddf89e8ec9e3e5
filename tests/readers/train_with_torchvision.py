"""Run examples/python/torchvision_train.py where there is no CUDA, on DATASET and WEIGHTS.

Package indexes have torchvision for CUDA alone, and its compiled part cannot be loaded here. Only one of its functions
is needed, and the stand-in has it; all the rest is torchvision's own.
"""

import runpy
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples/python"

library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):  # torchvision looks for both when it is imported
    library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.impl("nms", runpy.run_path(str(HERE / "stand_ins/torchvision/ops.py"))["nms"], "CPU")

import torchvision  # noqa: E402

torchvision.extension._has_ops = lambda: True

sys.path.append(str(EXAMPLES))
import torchvision_train  # noqa: E402

OPTIONS = {"weights_backbone": None, "min_size": 96, "max_size": 128}
dataset, weights = sys.argv[1:]
losses = torchvision_train.train(dataset, Path(weights), "fcos_resnet50_fpn", 1, **OPTIONS)
assert len(losses) == 1
assert torch.tensor(losses).isfinite().all()

state = torch.load(weights)
classes = state["head.classification_head.cls_logits.weight"].shape[0]
model = torchvision.models.get_model("fcos_resnet50_fpn", weights=None, num_classes=classes, **OPTIONS)
model.load_state_dict(state)
(found,) = model.eval()([torch.rand(3, 96, 128)])
assert found["boxes"].shape == (len(found["scores"]), 4)
print(f"classes {classes}, torchvision {torchvision.__version__} of {Path(torchvision.__file__).parent}")
