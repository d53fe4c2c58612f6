// Who works on what at this moment.
import { Anchor, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { activeQuery } from "../api/queues";
import { count, counted } from "../logic/format";
import { Failed } from "./states";

export function WorkersTable({ queue }: { queue: string }) {
  const active = useQuery(activeQuery(queue));
  if (active.isError) return <Failed problem={active.error} onRetry={() => void active.refetch()} />;
  const splits = active.data ?? [];
  if (splits.length === 0) return <Text className="soft">{active.isPending ? "…" : "Nobody works on anything at this moment."}</Text>;
  const workers = new Set(splits.map(({ worker }) => worker)).size;
  return (
    <>
      <Text size="sm" className="soft" mb="xs">
        {counted(splits.length, "piece")} in work by {counted(workers, "process", "processes")}
      </Text>
      <div className="table-scroll card" style={{ padding: 0 }} tabIndex={0} role="region" aria-label="Workers">
        <Table verticalSpacing={7} horizontalSpacing="md" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Worker</Table.Th>
              <Table.Th>File</Table.Th>
              <Table.Th>Pipeline</Table.Th>
              <Table.Th ta="right">Piece</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {splits.map(({ worker, jobId, fileName, pipeline, split, work }) => (
              <Table.Tr key={`${jobId}/${split}`} data-active={`${jobId}/${split}`}>
                <Table.Td className="wrap">
                  <code>{worker}</code>
                </Table.Td>
                <Table.Td className="wrap">
                  <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: jobId }} {...props} />}>
                    {fileName}
                  </Anchor>
                </Table.Td>
                <Table.Td className="wrap">{pipeline}</Table.Td>
                <Table.Td ta="right" className="numbers" style={{ whiteSpace: "nowrap" }}>
                  {work === "planning" ? "looking at the file" : count(split)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}
