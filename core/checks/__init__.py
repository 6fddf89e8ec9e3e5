"""Whether a dataset agrees with itself: what one file says of a frame against what another says.

`labelpass validate` runs those checks that the dataset allows, and names each frame that disagrees; validate.py is the
table of them. Nothing here looks at the EXR files: what is checked is what training code will read.
"""
