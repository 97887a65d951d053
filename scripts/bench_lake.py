"""Times the removal of people's rows from Parquet files: this package against bare pyarrow and bare polars.

All sides read the same files, leave out the rows of the same 1,000 people, and write files of the same codec and size
of row groups, one run after the other, each in a process of its own. Bare pyarrow and bare polars do what a short
script would: read, filter, write. Ours also looks for rows that name two people, keeps schema, metadata, dictionaries
and page statistics as they were, checks that, and reads back that the right number of rows is left and none of theirs.
A file is a unit of work, so ours works on two at a time; the bare ones use all cores within one. No network is in it:
S3 costs all sides the same. Every file holds rows of everybody who is removed.

    scripts/bench lake [--json] [--size MB] [--rounds N] [--people N]

Times are those of the best round; where others use the machine too, the seconds of processors tell more.
With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connectors.lake import Column, Layout, People
from connectors.lake.rewriting import everybodys, rewritten

FILE = 128  # MB of one file, about
GROUP = 100_000  # rows of a row group
USERS = 200_000  # who have about 13 rows each in every file
WORKERS = 2
COLUMNS = (Column("user.id", "user_id"), Column("user.email", "email", folded=True))


def generate(folder: Path, megabytes: int) -> list[Path]:
    """Files of events: numbers, times, repeated words, texts that do not repeat, a nested column with a list."""
    made = []
    number = 0
    while sum(path.stat().st_size for path in made) < megabytes * 1_000_000:
        made.append(folder / f"part-{number:04d}.parquet")
        _write(made[-1], number, min(FILE, megabytes))
        number += 1
    return made


def _write(path: Path, number: int, megabytes: int) -> None:
    import polars as pl
    import pyarrow.parquet as pq

    pl.set_random_seed(number)
    written = None
    group = 0
    while not path.exists() or path.stat().st_size < megabytes * 1_000_000:
        user = pl.int_range(GROUP, eager=True).hash(number * 1000 + group) % USERS
        noise = pl.int_range(GROUP, eager=True).hash(number * 1000 + group + 7)
        table = pl.select(
            id=pl.int_range(GROUP).cast(pl.Int64) + (number * 1000 + group) * GROUP,
            user=pl.struct(
                id=user.cast(pl.Int64),
                email=pl.format("user{}@example.com", user),
                roles=pl.concat_list(pl.lit("trainee"), pl.format("team {}", user % 40)),
            ),
            kind=pl.format("event {}", noise % 37),
            page=pl.format("/courses/{}/lessons/{}", noise % 997, noise % 53),
            at=pl.datetime(2025, 1, 1, time_unit="us", time_zone="UTC") + pl.duration(seconds=noise % 31_000_000),
            took=(noise % 1_000_003).cast(pl.Float64) / 7,
            session=pl.format("{}-{}", noise, noise.hash(3)),
        ).to_arrow(compat_level=pl.CompatLevel.oldest())
        if written is None:
            written = pq.ParquetWriter(path, table.schema, compression="zstd")
        written.write_table(table, row_group_size=GROUP)
        group += 1
    assert written is not None
    written.close()


def ours(people: int, source: Path, target: Path) -> None:
    removed = People.of(COLUMNS, ({"user_id": [str(n)], "email": [f"user{n}@example.com"]} for n in range(people)))
    with source.open("rb") as read, target.open("w+b") as written:
        rewritten(Layout("parquet"), read, written, removed, everybodys(removed))


def bare_pyarrow(people: int, source: Path, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(source)
    theirs = pc.is_in(pc.struct_field(table["user"], "id"), value_set=pa.array(range(people), pa.int64()))
    pq.write_table(table.filter(pc.invert(theirs)), target, compression="zstd", row_group_size=GROUP)


def bare_polars(people: int, source: Path, target: Path) -> None:
    import polars as pl

    theirs = pl.col("user").struct.field("id").is_in(list(range(people)))
    kept = pl.scan_parquet(source).filter(~theirs)
    kept.sink_parquet(target, compression="zstd", compression_level=1, row_group_size=GROUP)


SIDES: dict[str, Callable[[int, Path, Path], None]] = {
    "ours": ours, "bare pyarrow": bare_pyarrow, "bare polars": bare_polars,
}  # fmt: skip


def _run(side: str, people: int, files: Sequence[Path], told: object) -> None:
    """In a process of its own: seconds, those of all its processors, and the most memory that it ever had."""

    def one(source: Path) -> None:
        target = source.with_suffix(".new")
        SIDES[side](people, source, target)
        target.unlink()

    began = time.perf_counter()
    if side == "ours":
        with ThreadPoolExecutor(max_workers=WORKERS) as pool:
            list(pool.map(one, files))
    else:  # these use all cores by themselves
        for source in files:
            one(source)
    took = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    told.send((took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))  # type: ignore[attr-defined]


def measured(side: str, people: int, files: Sequence[Path]) -> tuple[float, float, float]:
    spawned = multiprocessing.get_context("spawn")
    told, telling = spawned.Pipe(duplex=False)
    process = spawned.Process(target=_run, args=(side, people, files, telling))
    process.start()
    telling.close()
    took, cpu, peak = told.recv()
    process.join()
    return took, cpu, peak


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--size", type=int, default=2000, metavar="MB", help="of all files together (default 2000)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--people", type=int, default=1000)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dsr-bench-lake-"))
    try:
        need = given.size * 1_000_000 + 4 * FILE * 1_000_000
        if shutil.disk_usage(folder).free < need:
            sys.stderr.write(f"not enough room below {folder.parent}: {need // 1_000_000} MB are needed\n")
            return 1
        files = generate(folder, given.size)
        result = compared(files, given.people, given.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    shown(result)
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")
    return 0


def compared(files: Sequence[Path], people: int, rounds: int) -> dict[str, object]:
    megabytes = sum(path.stat().st_size for path in files) / 1_000_000
    best: dict[tuple[str, int], tuple[float, float, float]] = {}
    wanted = [("bare pyarrow", people), ("bare polars", people), ("ours", people), ("ours", 1)]
    for _ in range(rounds):
        for side, many in wanted:
            took, cpu, peak = measured(side, many, files)
            before = best.get((side, many), (took, cpu, peak))
            best[side, many] = min(before[0], took), min(before[1], cpu), max(before[2], peak)
    rates = {side: megabytes / best[side, people][0] for side in SIDES}
    fastest = max(rates["bare pyarrow"], rates["bare polars"])
    return {
        "files": len(files), "megabytes": round(megabytes), "people": people, "rounds": rounds,
        "seconds": {side: round(best[side, people][0], 2) for side in SIDES},
        "mb_per_second": {side: round(rate, 1) for side, rate in rates.items()},
        "cpu_seconds": {side: round(best[side, people][1], 2) for side in SIDES},
        "peak_mb": {side: round(best[side, people][2]) for side in SIDES},
        "of_the_faster": round(rates["ours"] / fastest, 3),
        "cpu_of_the_thriftier": round(
            min(best[side, people][1] for side in SIDES if side != "ours") / best["ours", people][1], 3
        ),
        "seconds_for_one": round(best["ours", 1][0], 2),
        "cpu_seconds_for_one": round(best["ours", 1][1], 2),
        "many_to_one": round(best["ours", people][0] / best["ours", 1][0], 3),
    }  # fmt: skip


def shown(result: dict[str, object]) -> None:
    columns = [result[name] for name in ("seconds", "mb_per_second", "cpu_seconds", "peak_mb")]
    sys.stdout.write(
        f"{result['people']} people removed from {result['files']} Parquet files, {result['megabytes']} MB\n"
    )
    sys.stdout.write(f"{'':14}{'seconds':>10}{'MB/s':>10}{'CPU s':>10}{'peak MB':>10}\n")
    for side in SIDES:
        cells = [f"{column[side]:>10}" for column in columns if isinstance(column, dict)]
        sys.stdout.write(f"{side:14}{''.join(cells)}\n")
    sys.stdout.write(f"ours, of the faster bare one: {result['of_the_faster']} (at least 0.8 is asked for)\n")
    sys.stdout.write(
        f"one person: {result['seconds_for_one']} s ({result['cpu_seconds_for_one']} s of processors); "
        f"{result['people']} take {result['many_to_one']} times as long\n"
    )


if __name__ == "__main__":
    sys.exit(main())
