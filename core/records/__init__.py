"""What is known of an annotated frame, and of the job to annotate it, in files of their own."""
