"""Records that cross a process border, and their codecs; imports nothing of ours."""
