"""The example: AnyBooks, a campus bookstore, its sales, the whole path that they take on one machine, and the demo.

- `sales.py`: what is sold, minute by minute, with spikes planted among it;
- `shop.py`, `produce.py`: who sells it, into PostgreSQL or straight to Kafka;
- `pipeline/`: the programs of the path, and what has arrived where;
- `demo.py`: two weeks of it in a few minutes.
"""
