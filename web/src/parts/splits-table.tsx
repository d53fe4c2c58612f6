// The pieces of a job: who works on each, and how far they are.
import { Table, Text } from "@mantine/core";
import type { Split } from "../api/client";
import { count } from "../logic/format";
import { StatusBadge } from "./job-status";

export function SplitsTable({ splits }: { splits: readonly Split[] }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Pieces of the file">
      <Table verticalSpacing={6} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Piece</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th ta="right">Rows read</Table.Th>
            <Table.Th ta="right">Is at line</Table.Th>
            <Table.Th>Worker</Table.Th>
            <Table.Th ta="right">Attempts</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {splits.map((split) => (
            <Table.Tr key={split.number}>
              <Table.Td>{split.work === "planning" ? "Looking at the file" : count(split.number)}</Table.Td>
              <Table.Td>
                <StatusBadge status={split.status} size="sm" />
                {split.lastError !== null && (
                  <Text size="xs" className="wrap" c="var(--rejected)">
                    {split.lastError}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right" className="numbers">
                {split.work === "planning" ? "" : count(split.rows.read)}
              </Table.Td>
              <Table.Td ta="right" className="numbers">
                {split.work === "planning" ? "" : count(split.checkpoint.line)}
              </Table.Td>
              <Table.Td className="wrap">{split.worker ?? <span className="soft">–</span>}</Table.Td>
              <Table.Td ta="right" className="numbers">
                {count(split.attempts)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
