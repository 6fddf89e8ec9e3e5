"""Whether a dataset agrees with itself: what one file says of a frame against what another says.

`labelpass validate` runs those checks that the dataset allows, and names each frame that disagrees; table.py has
those of frames. Nothing here looks at the EXR files: what is checked is what training code will read.
"""
