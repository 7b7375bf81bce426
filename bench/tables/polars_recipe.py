"""The recipe of the bench in polars, lazily and streaming, as its makers advise."""

import sys

import polars as pl

source, target = sys.argv[1:]
table = pl.scan_parquet(source)
tenure, paid = pl.col("tenure"), pl.col("total_paid")
median = table.select(tenure.median()).collect(engine="streaming").item()
table = table.with_columns(
    tenure.fill_null(int(median)),
    pl.col("plan").str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase(),
    pl.col("signup").str.to_date("%Y-%m-%d", strict=False),
).filter(pl.col("city").is_not_null())
learned = table.select(mean=paid.mean(), std=paid.std(ddof=0)).collect(engine="streaming")
table.with_columns(
    (paid - learned["mean"].item()) / learned["std"].item(),
    pl.col("monthly_fee").clip(20, 110),
).sink_parquet(target, compression="zstd")
