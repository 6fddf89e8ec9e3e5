"""The report of a dataset: a page to look at before training, with what stands out first."""
