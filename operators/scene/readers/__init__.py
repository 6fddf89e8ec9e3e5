"""What is read of the objects of an evaluated scene: copies, places, keypoints, and panoramic cameras."""
