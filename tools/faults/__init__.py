"""The fault bench: what becomes of datasets when processes are killed, disks fail and files lie; see __main__.py."""
