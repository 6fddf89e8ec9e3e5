"""Files that are damaged, forged, or something else: whatever reads them ends well or in one sentence."""
