"""What stops a command: said to its user in one line, never a traceback."""


class CommandError(Exception):
    """The command can't go on; the message tells what was found, what was expected and what to do."""


class InputError(CommandError):
    """The input can't be scored as it is; the message does not name the file, whoever opened it does."""
