// Is all there that the server needs?
import { Badge, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { readinessQuery } from "../api/statistics";
import { Failed } from "./states";

const WORDS: Record<string, string> = { store: "Database", queue: "Queue", blobs: "Place for files" };

export function Readiness() {
  const ready = useQuery(readinessQuery);
  if (ready.isError) return <Failed problem={ready.error} onRetry={() => void ready.refetch()} />;
  return (
    <Group gap="md" mih={26} data-ready={ready.data?.status} role="status">
      {ready.data?.dependencies.map(({ name, status }) => (
        <Group key={name} gap={6}>
          <Text size="sm">{WORDS[name] ?? name}</Text>
          <Badge color={status === "ok" ? "green" : "red"} variant="light">
            {status === "ok" ? "works" : "does not answer"}
          </Badge>
        </Group>
      ))}
      {ready.data?.status === "not-ready" && (
        <Text size="sm" className="soft">
          The reason is in the server's log.
        </Text>
      )}
    </Group>
  );
}
