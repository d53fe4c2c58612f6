// read.mjs sheetjs|exceljs FILE: reads every cell below the header by one library, each in the way its documentation recommends
// for large files, and prints how many rows and cells with a value there are, and the sum of the first column.
const found = { rows: 0, cells: 0, sum: 0 };

function add(values) {
  found.rows += 1;
  found.sum += Number(values[0]);
  for (const value of values) if (value !== undefined && value !== null && value !== "") found.cells += 1;
}

async function sheetjs(path) {
  const { default: library } = await import("xlsx");
  const book = library.readFile(path, { dense: true });
  const sheet = book.Sheets[book.SheetNames[0]];
  for (let row = 1; row < (sheet?.length ?? 0); row += 1) add(sheet[row].map((cell) => cell?.v));
}

async function exceljs(path) {
  const { default: library } = await import("exceljs");
  const reader = new library.stream.xlsx.WorkbookReader(path, { sharedStrings: "cache", styles: "cache", worksheets: "emit" });
  for await (const sheet of reader) {
    let first = true;
    for await (const row of sheet) {
      if (!first) add(row.values.slice(1));   // they are counted from 1
      first = false;
    }
  }
}

await { sheetjs, exceljs }[process.argv[2]](process.argv[3]);
console.log(JSON.stringify(found));
