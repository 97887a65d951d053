"""Amazon S3: objects of one person by key, tag or metadata, in all versions.

`connect(spec)` needs the extra `aws`. Settings and secrets are those of `connectors.aws.session`,
and `page_size` (1-1000 entries per listing, 1000), `parallel` (tags or heads asked at a time, 8),
`account_id` (refuse buckets of another AWS account).

A collection is a bucket, or `options.bucket` where several share one. Its options say which
objects are the person's; at least one of the first three is needed:

- `key_patterns`: `users/{user_id}/` (all in that folder), `avatars/{user_id}.png` (that key),
  `certs/{user_id}-*.pdf` (`*` within one segment, set off from a placeholder by a separator, which
  must not occur in the identifiers). What a value with a slash, of dots only or with that separator
  in it matches is not guessed at but SHARED.
- `tag`, `metadata`: `{owner: user_id}`, compared exactly (`email` without regard to case). Each
  costs one call per object version of the bucket, or below `options.prefix`. Only labels that the company's
  own code writes: whoever uploads by a presigned form may choose them, unless its policy fixes them.
- `shared: true`, or `shared_patterns`: objects that hold others too. So does one whose tag or
  metadata lists several, or says otherwise than its key, which may name another person. They are
  SHARED: reported, never touched, never exported.

All versions and delete markers are found and deleted by exact key and version; unfinished uploads
are aborted. Legal holds and retention make records of their own, by month of release, and are
never bypassed. A delete marker stays as long as a version below it does: without it that version
would be visible again. A bucket with MFA Delete is by hand. Age (`age: last_modified`) is that of
the version.

Needed permissions: s3:ListBucket, s3:ListBucketVersions, s3:ListBucketMultipartUploads,
s3:GetBucketVersioning, s3:GetBucketObjectLockConfiguration, s3:GetObjectVersion,
s3:GetObjectVersionTagging (tags), s3:GetObjectRetention and s3:GetObjectLegalHold (locks),
s3:DeleteObjectVersion, s3:AbortMultipartUpload; to see buckets that nothing describes s3:ListAllMyBuckets; for a
retention that the bucket's lifecycle keeps s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration.

Not reached: replicas in other buckets, AWS Backup, access logs and inventory reports that name the
keys, caches (CloudFront); rows inside files.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html.
"""

from __future__ import annotations

from connectors.aws.s3.connector import S3Connector
from connectors.model import SystemSpec

__all__ = ["S3Connector", "connect"]


def connect(spec: SystemSpec) -> S3Connector:
    """The connector of one inventory entry. Raises ConfigError naming the setting or option that is wrong."""
    return S3Connector(spec)
