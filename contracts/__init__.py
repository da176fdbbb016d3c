"""Records that cross a process border, their codecs, and the job's properties; imports nothing of ours."""
