// The first rows of a file as they would be stored, and those that would be rejected. Nothing is stored yet.
import { Alert, Anchor, Badge, List, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Preview } from "../api/client";
import { cellText } from "../logic/corrections";
import { count, counted } from "../logic/format";

const MOST_ROWS = 8;
const MOST_REJECTS = 5;

// `isTrial`: a pipeline is tried on it; the file is not about to be sent.
export function PreviewOfFile({ preview, isWhole, isTrial = false }: { preview: Preview; isWhole: boolean; isTrial?: boolean }) {
  const types = new Map(preview.fields.map(({ name, type }) => [name, type]));
  const first = preview.rows[0]?.data ?? {};
  const columns = [...types.keys(), ...Object.keys(first).filter((name) => !types.has(name))];
  const seen = preview.rows.length + preview.rejects.length;
  return (
    <div>
      <Text mb="xs" hidden={isTrial}>
        {preview.inferred ? (
          <>
            A new pipeline, <strong>{preview.pipeline}</strong>, is made for it. Later files of that name use it again.
          </>
        ) : (
          <>
            It goes through the pipeline <strong>{preview.pipeline}</strong>.
          </>
        )}
      </Text>
      <Findings findings={preview.findings} />
      {preview.rows.length > 0 && (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="First rows, as they would be stored">
          <Table withTableBorder withColumnBorders verticalSpacing={4} fz="sm" mt="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th className="soft">Row</Table.Th>
                {columns.map((name) => (
                  <Table.Th key={name} style={{ whiteSpace: "nowrap" }}>
                    {name}
                    <Text size="xs" className="soft" fw={400}>
                      {types.get(name) ?? "as it is"}
                    </Text>
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {preview.rows.slice(0, MOST_ROWS).map((row) => (
                <Table.Tr key={row.rowNumber}>
                  <Table.Td className="soft numbers">
                    {count(row.rowNumber)}
                    {row.duplicate && (
                      <Badge size="xs" color="gray" ml={6}>
                        again
                      </Badge>
                    )}
                  </Table.Td>
                  {columns.map((name) => (
                    <Table.Td key={name} style={{ maxWidth: "22rem" }}>
                      <Cell value={(row.data as Record<string, unknown>)[name]} />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <Verdict preview={preview} seen={seen} isWhole={isWhole} isTrial={isTrial} />
    </div>
  );
}

function Cell({ value }: { value: unknown }) {
  if (value === undefined || value === null) return <span className="soft">–</span>;
  return (
    <Text size="sm" truncate title={cellText(value)}>
      {cellText(value)}
    </Text>
  );
}

function Findings({ findings }: { findings: readonly string[] }) {
  const [open, { toggle }] = useDisclosure(false);
  if (findings.length === 0) return null;
  return (
    <div>
      <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={open}>
        {open ? "Hide what was found out" : `What was found out about it (${count(findings.length)})`}
      </Anchor>
      {open && (
        <List size="sm" mt={4} className="soft">
          {findings.map((finding) => (
            <List.Item key={finding}>{finding}</List.Item>
          ))}
        </List>
      )}
    </div>
  );
}

function Verdict({ preview, seen, isWhole, isTrial }: { preview: Preview; seen: number; isWhole: boolean; isTrial: boolean }) {
  const bad = preview.rejects.length;
  const what = isWhole && seen < 100 ? `All ${counted(seen, "row")} of it` : `The first ${counted(seen, "row")}`;
  if (bad === 0) {
    return (
      <Text mt="sm" size="sm" className="soft">
        {seen === 0 ? "There are no rows in it." : `${what} would be stored.`}
      </Text>
    );
  }
  return (
    <Alert color="orange" mt="sm" title={`${counted(bad, "row")} of the first ${count(seen)} would be rejected`}>
      <List size="sm" spacing={4}>
        {preview.rejects.slice(0, MOST_REJECTS).map((reject) => (
          <List.Item key={reject.rowNumber}>
            {reject.line === null ? `Row ${count(reject.rowNumber)}` : `Line ${count(reject.line)}`}:{" "}
            {reject.errors.map(({ message }) => message).join(" ")}
          </List.Item>
        ))}
      </List>
      <Text size="sm" mt="xs">
        {bad > MOST_REJECTS && `And ${count(bad - MOST_REJECTS)} more. `}
        {!isTrial && "You can send the file as it is: they are kept apart, and you correct them here."}
      </Text>
    </Alert>
  );
}
