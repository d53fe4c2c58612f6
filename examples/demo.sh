#!/usr/bin/env bash
# ./dev demo: a real register into the embedded store, again, and an update with faults in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sluice=build/sluice demo=build/demo
rm -rf "$demo" && mkdir -p "$demo"
store=sqlite:$demo/sluice.db

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() {
  printf '\033[36m$ %s\033[0m\n' "$*"
  "$@"
}

say "1. The U.S. hospital register: 4,807 rows, Windows-1252, ZIP codes with leading zeros."
show $sluice run examples/data/hospitals.csv -p examples/hospitals.yaml --to $store

say "2. Hospitals per state, as the table 'hospitals' has them now:"
show sqlite3 -box $demo/sluice.db \
  "SELECT state, count(*) AS hospitals, min(zip) AS lowest_zip FROM hospitals GROUP BY state ORDER BY 2 DESC LIMIT 5"

say "3. The same file again: nothing is stored twice."
show $sluice run examples/data/hospitals.csv -p examples/hospitals.yaml --to $store

say "4. An update that somebody typed: good rows go in, bad ones come back with the reason."
show $sluice run examples/data/hospitals-update.csv -p examples/hospitals.yaml --to $store --rejects $demo/rejects.csv

say "5. The report, in a few columns; it is the sender's own file plus the reasons:"
show sqlite3 -box $demo/sluice.db \
  "SELECT line, field, value, message, suggestion FROM validation_errors ORDER BY row_number"

say "6. Corrected as in a spreadsheet (of the row that could not be taken apart the cells are filled in), and sent again:"
row_5='450289,Harris Health System,1504 Taub Loop,Houston,TX,77030,HARRIS,713-873-2000,Acute Care Hospitals'
row_5="$row_5,Government - Hospital District or Authority,Yes,3"
sed -e "s/^,,,,,,,,,,,,/$row_5,/" -e 's/,2118,/,02118,/' -e 's/,California,/,CA,/' -e 's/,954-987-200,/,954-987-2000,/' -e 's/,Yes,7,/,Yes,3,/' \
  $demo/rejects.csv > $demo/corrected.csv
show $sluice run --resubmit $demo/corrected.csv --to $store

say "Try next:"
cat <<TEXT
  build/sluice run YOUR.csv                 without a pipeline: it is looked at and one is inferred
  build/sluice infer YOUR.csv -o your.yaml  the pipeline it would use, to edit
  build/sluice validate YOUR.csv -p your.yaml --rejects bad.csv
  sqlite3 $demo/sluice.db .tables           everything is in plain tables (docs/tables.md)
  build/sluice serve                        and in a browser: open http://127.0.0.1:8080
TEXT
