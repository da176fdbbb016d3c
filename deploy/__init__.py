"""From a checkout to a running detector on AWS: packages, CloudFormation templates, and the command that deploys them."""
