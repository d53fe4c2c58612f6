// Groups of rejected rows, in words: what a reader of spreadsheets calls it. The API's own sentences stand beside each row.
import type { RejectGroup } from "../api/client";

type Reason = Pick<RejectGroup, "code" | "field" | "constraint">;

const CONSTRAINTS: Record<string, string> = {
  required: "is missing",
  unique: "stands more than once",
  pattern: "does not have the expected form",
  enum: "is not one of the known values",
  minimum: "is too small",
  maximum: "is too large",
  exclusiveMinimum: "is too small",
  exclusiveMaximum: "is too large",
  minLength: "is too short",
  maxLength: "is too long",
};

export function reasonText({ code, field, constraint }: Reason): string {
  const what = field ?? "a cell";
  switch (code) {
    case "constraint-error":
      return `${what} ${CONSTRAINTS[constraint ?? ""] ?? "breaks a rule"}`;
    case "type-error":
      return `${what} is of another type`;
    case "unique-error":
      return `${what} stands more than once`;
    case "missing-cell":
      return field === null ? "The row is too short" : `${what} is missing: the row is too short`;
    case "extra-cell":
      return "The row has too many cells";
    case "blank-row":
      return "The row is empty";
    case "syntax-error":
      return "The row cannot be taken apart";
    case "encoding-error":
      return field === null ? "Bytes that are no text" : `${what} has bytes that are no text`;
    case "row-too-large":
      return "The row is too large";
    case "transform-error":
      return field === null ? "A step cannot be applied" : `A step cannot be applied to ${what}`;
  }
}

export const reasonKey = ({ code, field, constraint }: Reason): string => [code, field ?? "", constraint ?? ""].join("/");
