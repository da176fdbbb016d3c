"""What a number of series would cost on AWS: prices, sizes, the lines of a bill."""
