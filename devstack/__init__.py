"""The whole stack on one machine: real servers without containers, the bookstore that feeds them, and the demo.

`devstack.stack.running_stack` starts servers for a test or a script; `python -m devstack` does so for a person.
"""
