// What happened to a job, in order. Commits are told as one line: there may be thousands.
import { Text, Timeline } from "@mantine/core";
import type { Job, JobEvent } from "../api/client";
import { counted, time } from "../logic/format";
import { isResubmission } from "../logic/lineage";

interface Step {
  key: string;
  title: string;
  time: string;
  text?: string;
}

function steps(job: Job, events: readonly JobEvent[]): Step[] {
  const found: Step[] = [
    {
      key: "sent",
      title: isResubmission(job) ? "Corrections sent" : "Sent",
      time: job.createdAt,
      text: job.createdBy === null || job.createdBy === "anonymous" ? undefined : `by ${job.createdBy}`,
    },
  ];
  let commits: JobEvent[] = [];
  const tellCommits = () => {
    const [first] = commits;
    const last = commits.at(-1);
    if (first === undefined || last === undefined) return;
    const rows = commits.reduce((sum, { data }) => sum + ((data as { rows?: { read?: number } }).rows?.read ?? 0), 0);
    found.push({ key: first.id, title: `${counted(rows, "row")} loaded`, time: last.time, text: `in ${counted(commits.length, "commit")}` });
    commits = [];
  };
  for (const event of events) {
    if (event.type === "rows.processed") {
      commits.push(event);
      continue;
    }
    tellCommits();
    const told = TITLES[event.type];
    const reason = (event.data as { error?: unknown }).error;
    found.push({ key: event.id, title: told, time: event.time, text: typeof reason === "string" ? reason : undefined });
  }
  tellCommits();
  return found;
}

const TITLES = {
  "job.started": "Begun",
  "rows.processed": "Rows loaded",
  "job.completed": "Completed",
  "job.failed": "Failed",
  "job.cancelled": "Cancelled",
} as const;

export function JobTimeline({ job, events }: { job: Job; events: readonly JobEvent[] }) {
  const all = steps(job, events);
  return (
    <Timeline active={all.length - 1} bulletSize={14} lineWidth={2}>
      {all.map((step) => (
        <Timeline.Item key={step.key} title={step.title}>
          {step.text !== undefined && (
            <Text size="sm" className="wrap">
              {step.text}
            </Text>
          )}
          <Text size="xs" className="soft">
            <time dateTime={step.time}>{time(step.time)}</time>
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
