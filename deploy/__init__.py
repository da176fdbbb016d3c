"""From a checkout to a detector on AWS: packages, CloudFormation templates, and the command that deploys them."""
