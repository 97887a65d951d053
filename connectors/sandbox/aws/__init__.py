"""AWS on loopback: moto's server, with what it gets wrong about S3 corrected.

    with AwsSandbox() as aws:
        aws.client("s3").create_bucket(Bucket="uploads")
        settings = {"endpoint_url": aws.url, "region": aws.region}
        secrets = {"access_key_id": Secret(aws.access_key_id), "secret_access_key": ...}

Serves the services in `SERVICES`; another is answered 501. One process has one moto: two sandboxes
at a time share their buckets and tables.
"""

from connectors.sandbox.aws.server import SERVICES, AwsSandbox

__all__ = ["SERVICES", "AwsSandbox"]
