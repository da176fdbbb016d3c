"""What several parts read in the same way; imports nothing of ours, and nothing heavy before it is needed."""
