"""What people and services hand us, read once for every part; nothing of ours is imported, and loading it is cheap."""
