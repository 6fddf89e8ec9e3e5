"""From a label image to masks: runs, COCO's run-length encoding, connected components."""
