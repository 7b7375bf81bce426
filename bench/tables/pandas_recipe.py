"""The recipe of the bench in pandas, as a person would write it."""

import sys

import pandas as pd

source, target = sys.argv[1:]
table = pd.read_parquet(source)
table["tenure"] = table["tenure"].fillna(table["tenure"].median()).astype("int64")
table["plan"] = table["plan"].str.replace(r"\s+", " ", regex=True).str.strip().str.lower()
table["signup"] = pd.to_datetime(table["signup"], format="%Y-%m-%d", errors="coerce")
table = table[table["city"].notna()]
paid = table["total_paid"]
table = table.assign(total_paid=(paid - paid.mean()) / paid.std(ddof=0))
table = table.assign(monthly_fee=table["monthly_fee"].clip(20, 110))
table.to_parquet(target, compression="zstd", index=False)
