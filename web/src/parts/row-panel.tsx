// All of one stored row, and where it came from.
import "@mantine/core/styles/Drawer.css";
import { ActionIcon, Anchor, Drawer, Stack, Text, Title, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ListFilter } from "lucide-react";
import { jobQuery, splitsQuery } from "../api/jobs";
import { planQuery } from "../api/rejects";
import type { StoredRow } from "../api/rows";
import { Problem } from "../api/problem";
import { count, time } from "../logic/format";
import { isResubmission } from "../logic/lineage";
import { lineOf } from "../logic/stored-row";
import { comparable } from "../logic/where";
import { Failed } from "./states";

interface Props {
  row: StoredRow | null;
  columns: readonly string[];
  onClose: () => void;
  onCondition: (column: string, value: string) => void;
}

export function RowPanel({ row, columns, onClose, onCondition }: Props) {
  return (
    <Drawer
      opened={row !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={<Text fw={650}>{row === null ? "" : `Row ${count(row.rowNumber)}`}</Text>}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {row !== null && (
        <Stack gap="lg">
          <Values row={row} columns={columns} onCondition={onCondition} />
          <section aria-labelledby="row-origin">
            <Title order={2} size="h5" mb="sm" id="row-origin">
              Where it came from
            </Title>
            <Origin row={row} />
          </section>
        </Stack>
      )}
    </Drawer>
  );
}

function Values({ row, columns, onCondition }: { row: StoredRow; columns: readonly string[]; onCondition: Props["onCondition"] }) {
  const names = [...columns, ...Object.keys(row.data ?? {}).filter((name) => !columns.includes(name))];
  return (
    <dl className="facts" data-testid="row-values">
      {names.map((name) => {
        const text = comparable(row.data?.[name]);
        return [
          <dt key={`${name}:name`}>{name}</dt>,
          <dd key={`${name}:value`} data-column={name}>
            {text === null ? (
              <em className="soft">nothing</em>
            ) : (
              <>
                {text === "" ? <em className="soft">empty</em> : <span style={{ whiteSpace: "pre-wrap" }}>{text}</span>}{" "}
                <Tooltip label="Show the rows that have the same here">
                  <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Show the rows whose ${name} is the same`} onClick={() => onCondition(name, text)}>
                    <ListFilter size={14} aria-hidden />
                  </ActionIcon>
                </Tooltip>
              </>
            )}
          </dd>,
        ];
      })}
    </dl>
  );
}

function Origin({ row }: { row: StoredRow }) {
  const job = useQuery({ ...jobQuery(row.jobId), retry: false });
  const plan = useQuery({ ...planQuery(row.jobId), enabled: job.isSuccess });
  const splits = useQuery({ ...splitsQuery(row.jobId), enabled: job.isSuccess });
  const isGone = job.error instanceof Problem && job.error.status === 404;
  const line = job.data !== undefined && plan.data !== undefined && splits.data !== undefined ? lineOf(row.rowNumber, job.data, plan.data, splits.data) : null;
  return (
    <>
      {job.isError && !isGone && <Failed problem={job.error} onRetry={() => void job.refetch()} />}
      <dl className="facts" data-testid="row-origin">
        <dt>File</dt>
        <dd>
          {job.data !== undefined ? (
            <Anchor renderRoot={(props) => <Link to="/jobs/$id" params={{ id: row.jobId }} {...props} />}>{job.data.file.name}</Anchor>
          ) : (
            <span className="soft">{isGone ? "its job has been removed since" : "…"}</span>
          )}
          {job.data !== undefined && isResubmission(job.data) && (
            <>
              , corrections of{" "}
              <Anchor renderRoot={(props) => <Link to="/jobs/$id" params={{ id: job.data.parentJobId ?? "" }} {...props} />}>an earlier job</Anchor>
            </>
          )}
        </dd>
        <dt>Row of it</dt>
        <dd className="numbers">{count(row.rowNumber)}</dd>
        {line !== null && (
          <>
            <dt>Line</dt>
            <dd className="numbers" data-testid="row-line">
              {count(line)}
            </dd>
          </>
        )}
        {job.data !== undefined && (
          <>
            <dt>Sent</dt>
            <dd>{time(job.data.createdAt)}</dd>
          </>
        )}
        {row.createdAt !== null && (
          <>
            <dt>Stored first</dt>
            <dd>{time(row.createdAt)}</dd>
          </>
        )}
        {row.updatedAt !== null && row.updatedAt !== row.createdAt && (
          <>
            <dt>Came again</dt>
            <dd>{time(row.updatedAt)}</dd>
          </>
        )}
        <dt>Content hash</dt>
        <dd>
          <code data-testid="content-hash">{row.contentHash}</code>
          <Text size="xs" className="soft">
            SHA-256 of its values: rows with the same values have the same one.
          </Text>
        </dd>
      </dl>
    </>
  );
}
