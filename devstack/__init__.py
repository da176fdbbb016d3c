"""Real servers on one machine, without containers: Kafka, PostgreSQL and a stand-in for AWS.

`devstack.stack.running_stack` starts servers for a test or a script; `python -m devstack` does so for a person.
"""
