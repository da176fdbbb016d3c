"""The detector's components as one would write them on paper: slow, readable, and right beyond doubt."""
