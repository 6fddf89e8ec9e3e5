"""What everything else stands on: errors, files that appear only when complete, boxes, words."""
