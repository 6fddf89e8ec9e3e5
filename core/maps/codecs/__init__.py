"""The files of dense maps: for each way to store one a codec, which writes it and reads it again.

`codec.py` says what a codec is, and `table.py` which one each Storage has.
"""
