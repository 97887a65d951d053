"""Rows of people inside files on Amazon S3: Parquet, CSV, JSON Lines, and Papertrail's archives.

`connect(spec)` needs the extra `lake` (for CSV and JSON Lines without zstd, `aws` is enough). Settings and secrets
are those of `connectors.aws.session`, and `page_size` (1-1000 entries per listing, 1000), `account_id` (refuse
buckets of another AWS account), `unpacked_bytes` (the most that a packed file may unpack to, 64 GiB), `part_bytes` (of
a multipart upload, 16 MiB), `tries` (how often a file is rewritten that others write meanwhile, 5).

A collection is the files of one kind below `options.prefix` of `options.bucket`, whose keys end in `options.suffix`:

- `format`: `parquet`, `csv`, `jsonl` or `papertrail`; `packing`: `gzip` or `zstd` around a text (Papertrail's: gzip).
- `found_by` names the columns: `user_id`, or `user.id` inside nested ones and lists. Compared exactly (42, 42.0 as a
  number and "42" are one; `email` without regard to case). A row that another such column gives to somebody else is
  SHARED; one that only a `claimed` column names is CLAIMED. Neither is touched.
- `texts`: `{message: ["user_id={user_id}"]}`: the column is a text, and so are identifiers written in it; addresses
  of e-mail are known as such. Every one that stands in it counts, so a line that names two people is SHARED.
- `partitions`: `{user_id: user_id}`: a path with `user_id=7/` holds nobody but 7, and is not read for others. What
  belongs wholly to one person by its path is for `aws.s3`.
- `encoding`, `delimiter`, `quote`, `escape`, `columns` (of a CSV file without a header).
- `old_versions`: `delete` (the default: of a file that is rewritten, and of old versions that hold the person, the
  whole version goes, with its old copies of others' rows) or the number of days in which a lifecycle rule of the
  bucket removes them: then they are a dated obligation, and by hand once the rule is overdue.

One record is what one file holds of the person, over all versions, on one side of each cut-off (`age`: a column). Rows
that stay are the same byte for byte in text files. In Parquet, schema, order of columns, codecs, dictionaries,
statistics, page index, bloom filters, sizes of row groups and key-value metadata are (a dictionary that was given up
when it was full, and saves nothing, is not tried again); if the schema would not be, the file is left alone.
Row groups larger than 192 MiB unpacked are cut. A file without a row left stays, with its header.

A rewritten file takes over content type, metadata, tags, encryption, storage class and grants, and is written on the
condition (`If-Match`) that nobody has written the object since it was read; otherwise it is read again. Changes to
tags or grants alone, made at that same moment, do not show in the ETag and may be lost. Object Lock and legal holds
are never bypassed: LOCKED. Files in an archive class, encrypted by a key of the customer's own, damaged, or without
any of the columns cannot be searched: by hand, for everybody whom they may hold.

A survey tells the columns of the newest file of each collection. Rows are not let go by age: for files of one period a
lifecycle rule of the bucket does that (`aws.s3`), for rows among others nothing does yet.

Needed permissions: those of `aws.s3`, and s3:PutObject, s3:GetObjectTagging, s3:PutObjectTagging, s3:GetObjectAcl,
s3:PutObjectAcl (where there are grants), and the key's kms:Decrypt and kms:GenerateDataKey.

Not reached: unfinished uploads, replicas, copies in warehouses, table formats whose manifests count rows per file
(Iceberg, Delta, Hudi): delete there by the table's own engine.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, https://parquet.apache.org/docs/file-format/.
"""

from __future__ import annotations

from connectors.aws.lake.connector import LakeConnector
from connectors.model import SystemSpec

__all__ = ["LakeConnector", "connect"]


def connect(spec: SystemSpec) -> LakeConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting or option that is wrong."""
    return LakeConnector(spec)
