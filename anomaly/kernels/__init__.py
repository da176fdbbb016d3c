"""The compiled half of the library: one file for each component, its record and its functions."""
