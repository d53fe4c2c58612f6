// A pipeline as a form. It shows what stands in the text, and writes into it; what it has no field for stays as it is.
import "./pipeline-form.css";
import { Alert, Button, NativeSelect, Stack, Text } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { count } from "../logic/format";
import { columnsOf, listIn, mappingIn, textAt } from "../logic/pipeline-form";
import type { Path } from "../logic/pipeline-text";
import { PipelineColumns } from "./pipeline-columns";
import { ChoiceAt, ColumnsAt, FormSection, isLocked, TextAt } from "./pipeline-fields";
import { PipelineSteps } from "./pipeline-steps";
import type { PipelineHand } from "./use-pipeline-text";

export function PipelineForm({ hand, isNamed }: { hand: PipelineHand; isNamed: boolean }) {
  return (
    <Stack gap="md" className="form-readable">
      {!hand.isReadable && <Alert color="orange">The YAML cannot be read as it is. The form shows what it said last, and goes on once the marked line is mended.</Alert>}
      {hand.faults.elsewhere.length > 0 && hand.isReadable && (
        <Alert color="red" title="In the YAML" className="wrap">
          {hand.faults.elsewhere.map((message) => (
            <Text size="sm" key={message}>
              {message}
            </Text>
          ))}
        </Alert>
      )}
      <FormSection title="Name and identity">
        <div className="form-more">
          {!isNamed && <TextAt hand={hand} path={["name"]} label="Name" about="Letters, digits, _ and -. Files of this name go through it" placeholder="customers" />}
          <Identity hand={hand} />
        </div>
      </FormSection>
      <PipelineColumns hand={hand} />
      <PipelineSteps hand={hand} />
      <FormSection title="The file" about="What is left open is found out from each file.">
        <div className="form-more">
          <ChoiceAt hand={hand} path={["source", "format"]} label="Format" choices={FORMATS} otherwise="auto" />
          <TextAt hand={hand} path={["source", "encoding"]} label="Encoding" placeholder="found out" about="Such as utf-8, windows-1252" />
          <TextAt hand={hand} path={["source", "sheet"]} label="Sheet" placeholder="the only one with data" about="Of a workbook: its name, or its number" convert={sheetOf} />
        </div>
      </FormSection>
      <FormSection title="Rows that are not as expected">
        <div className="form-more">
          <ChoiceAt hand={hand} path={["extra_fields"]} label="Further columns" choices={EXTRA} otherwise="reject" />
          <TextAt hand={hand} path={["max_rejects"]} label="The job fails with more rejects than" placeholder="any number" about="A number of rows, or a share such as 5%" convert={wholeOf} />
          <TextAt hand={hand} path={["table"]} label="Table of its own" placeholder="none: rows are stored as JSON" about="Typed columns, made from the columns above" />
        </div>
      </FormSection>
      <Aggregates hand={hand} />
      <Text size="sm" className="soft">
        Batches, retries, webhooks and all further keys are written in the YAML. One that is not known is marked there.
      </Text>
    </Stack>
  );
}

const FORMATS = [
  { value: "auto", label: "found out" },
  { value: "csv", label: "CSV" },
  { value: "tsv", label: "TSV" },
  { value: "json", label: "JSON" },
  { value: "ndjson", label: "NDJSON" },
  { value: "xlsx", label: "Workbook (.xlsx)" },
];
const EXTRA = [
  { value: "reject", label: "reject the row" },
  { value: "keep", label: "keep them beside the row" },
  { value: "drop", label: "leave them out" },
];

// Digits are the number of a sheet here; in the text a sheet that is called 2024 stands in quotes.
const sheetOf = (text: string): unknown => wholeOf(text);
const wholeOf = (text: string): unknown => (/^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : text === "0" ? 0 : text);

const IDENTITIES = [
  { value: "content", label: "all their content is equal" },
  { value: "key", label: "these columns are equal:" },
  { value: "position", label: "never: every row counts" },
];

function Identity({ hand }: { hand: PipelineHand }) {
  const { identity } = hand.values;
  const kind = Array.isArray(identity) ? "key" : identity === "position" ? "position" : "content";
  const path: Path = ["identity"];
  return (
    <>
      <NativeSelect
        label="Two rows are one when"
        data={IDENTITIES}
        value={kind}
        disabled={isLocked(hand)}
        error={kind === "key" ? undefined : hand.faults.at.get("identity")}
        onChange={(event) => {
          const next = event.currentTarget.value;
          hand.set(path, next === "key" ? columnsOf(hand.values).slice(0, 1) : next === "position" ? next : undefined);
        }}
      />
      {kind === "key" && <ColumnsAt hand={hand} path={path} label="Columns that make the key" columns={columnsOf(hand.values)} />}
      {kind === "key" && (
        <ChoiceAt
          hand={hand}
          path={["on_duplicate"]}
          label="A row whose key is known"
          otherwise="update"
          choices={[
            { value: "update", label: "replaces the stored one" },
            { value: "skip", label: "leaves the stored one" },
          ]}
        />
      )}
    </>
  );
}

const AGGREGATES: Path = ["aggregates"];

function Aggregates({ hand }: { hand: PipelineHand }) {
  const all = listIn(hand.values.aggregates);
  const columns = columnsOf(hand.values);
  return (
    <FormSection title="Added up" about="Groups of stored rows, counted and summed as rows come and go." fault={hand.faults.at.get("aggregates")}>
      <ol className="form-list">
        {all.map((one, at) => {
          const path: Path = [...AGGREGATES, at];
          const measures = Object.entries(mappingIn(mappingIn(one).measures));
          const fault = hand.faults.at.get(`aggregates/${at}`);
          return (
            <li key={at}>
              <div className="form-more">
                <TextAt hand={hand} path={[...path, "name"]} label="Name" />
                <ColumnsAt hand={hand} path={[...path, "by"]} label="A group for each" columns={columns} />
              </div>
              <Text size="sm" mt={6}>
                {measures.length === 0 ? "No measure yet: " : `${measures.map(([name, what]) => `${name}: ${String(what)}`).join(", ")}. `}
                <span className="soft">Measures are written in the YAML: count, sum(column), min(column), max(column).</span>
              </Text>
              {fault !== undefined && (
                <Text size="sm" c="var(--rejected)" className="wrap" mt={4}>
                  {fault}
                </Text>
              )}
              {!hand.isReadOnly && (
                <Button size="xs" mt={6} variant="subtle" color="red" leftSection={<Trash2 size={14} aria-hidden />} disabled={isLocked(hand)} onClick={() => hand.remove(AGGREGATES, at)}>
                  Take {textAt(one, ["name"]) || `number ${count(at + 1)}`} out
                </Button>
              )}
            </li>
          );
        })}
      </ol>
      {!hand.isReadOnly && (
        <Button
          size="xs"
          variant="light"
          mt="sm"
          leftSection={<Plus size={14} aria-hidden />}
          disabled={isLocked(hand)}
          onClick={() => hand.add(AGGREGATES, { name: `${textAt(hand.values, ["name"]) || "rows"}_by`, by: columns.slice(0, 1), measures: { rows: "count" } })}
        >
          Add a sum
        </Button>
      )}
    </FormSection>
  );
}
