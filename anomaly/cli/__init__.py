"""The command `anomaly`: `main` reads the command line, `score_command` moves the rows, the others decide."""
