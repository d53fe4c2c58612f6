// The state of a job in one word, and how far it is.
import { Badge, Group, Progress, Text } from "@mantine/core";
import type { Job } from "../api/client";
import { progressOf, secondsLeft } from "../logic/counts";
import { count, duration, percent } from "../logic/format";
import { useNow } from "./use-now";

const WORDS = {
  PENDING: { text: "Waiting", color: "gray" },
  PROCESSING: { text: "Loading", color: "blue" },
  COMPLETED: { text: "Completed", color: "green" },
  FAILED: { text: "Failed", color: "red" },
  CANCELLED: { text: "Cancelled", color: "gray" },
} as const;

export const statusWord = (status: Job["status"]): string => WORDS[status].text;

export function StatusBadge({ status, size = "md" }: { status: Job["status"]; size?: string }) {
  const { text, color } = WORDS[status];
  return (
    <Badge color={color} variant="light" size={size} data-status={status} style={{ flexShrink: 0 }}>
      {text}
    </Badge>
  );
}

export function JobProgress({ job }: { job: Job }) {
  const now = useNow(1000, job.status === "PROCESSING");
  if (job.status !== "PROCESSING") return null;
  const done = progressOf(job);
  const left = secondsLeft(job, now);
  const said = [
    done === null ? "" : percent(done),
    job.progress.rowsPerSecond === null ? "" : `${count(job.progress.rowsPerSecond)} rows/s`,
    left === null ? "" : `about ${duration(left)} left`,
  ].filter((part) => part !== "");
  return (
    <div>
      <Progress
        value={done === null ? 100 : done * 100}
        animated
        striped={done === null}
        aria-label={`Progress of ${job.file.name}`}
        size="md"
      />
      <Group gap={6} mt={4}>
        <Text size="sm" className="soft numbers">
          {said.join(" · ")}
        </Text>
      </Group>
    </div>
  );
}
