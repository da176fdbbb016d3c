"""Files of rows: whatever the format, rows come in one form, and go out as they stood with columns appended.

A new format is a module here with a class like `csv.CsvTable`, and a case in `formats.open_table`.
"""
