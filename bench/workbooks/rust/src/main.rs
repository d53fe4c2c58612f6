//! read-calamine FILE: reads every cell below the header, one by one and none kept, and prints how many rows and cells with a
//! value there are, and the sum of the first column.
use calamine::{open_workbook, DataRef, Reader, Xlsx};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("read-calamine FILE")?;
    let mut book: Xlsx<_> = open_workbook(path)?;
    let name = book.sheet_names().first().cloned().ok_or("no sheet")?;
    let mut reader = book.worksheet_cells_reader(&name)?;
    let (mut rows, mut cells, mut sum, mut last) = (0u64, 0u64, 0f64, 0u32);
    while let Some(cell) = reader.next_cell()? {
        let (row, column) = cell.get_position();
        if row == 0 || matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        if row != last {
            rows += 1;
            last = row;
        }
        cells += 1;
        if column == 0 {
            sum += match cell.get_value() {
                DataRef::Float(number) => *number,
                DataRef::Int(number) => *number as f64,
                _ => 0.0,
            };
        }
    }
    println!("{{\"rows\": {rows}, \"cells\": {cells}, \"sum\": {}}}", sum as u64);
    Ok(())
}
