"""Result records become alerts by SNS; `notify_lambda.handler` is the Lambda."""
