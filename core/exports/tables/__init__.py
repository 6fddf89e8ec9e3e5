"""Formats that are tables with a row for each image: for Hugging Face Datasets and for WebDataset."""
