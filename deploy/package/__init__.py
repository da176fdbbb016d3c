"""Build what AWS runs: the Managed Flink zip and one zip per Lambda, the same bytes from the same commit."""
