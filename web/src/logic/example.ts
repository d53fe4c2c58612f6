// A small file for who has none at hand: the customers of docs/tour.md, with a ZIP code that a spreadsheet shortened, a day
// that does not exist, an address without its ending, and one customer twice.
export const EXAMPLE_PIPELINE = "example-customers";

export const EXAMPLE_PIPELINE_TEXT = `name: ${EXAMPLE_PIPELINE}
schema:
  fields:
    - {name: id, type: integer}
    - {name: name, type: string}
    - {name: email, type: string, format: email}
    - {name: zip, type: string, constraints: {pattern: "[0-9]{5}"}}
    - {name: joined, type: date, format: any}
    - {name: spent, type: number, missingValues: ["", n/a]}
identity: [id]
`;

const ROWS = [
  "id,name,email,zip,joined,spent",
  "1,Ann Lee,ann@example.com,02118,25/02/2024,120.50",
  "2,Bob Ray,BOB@Example.com,10001,03/04/2024,80",
  "3,Cid Orr,cid@example,94103,31/03/2024,15.25",
  "4,Dee Fox,dee@example.com,2118,30/02/2024,7",
  "5,Eve Kim,eve@example.com,60601,12/05/2024,n/a",
  "2,Bob Ray,bob@example.com ,10001,03/04/2024,80.00",
];

export const exampleFile = (): File => new File([`${ROWS.join("\n")}\n`], "customers.csv", { type: "text/csv" });
