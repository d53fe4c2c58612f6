// What can be done with a job: those things that its state and the reader's key allow.
import { Button, Checkbox, Group, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Job } from "../api/client";
import { hasEnded, useSteer } from "../api/jobs";
import { useMay } from "../api/principal";
import { Confirm } from "./confirm";
import { Failed } from "./states";

export function JobActions({ job }: { job: Job }) {
  const { cancel, retry, remove } = useSteer(job);
  const maySubmit = useMay("submit");
  const mayOperate = useMay("operate");
  const mayAdminister = useMay("administer");
  const navigate = useNavigate();
  const [asked, setAsked] = useState<"cancel" | "remove" | null>(null);
  const [rows, setRows] = useState(false);
  const no = () => setAsked(null);
  const ended = hasEnded(job);
  return (
    <>
      <Group gap="xs">
        {!ended && maySubmit && (
          <Button variant="default" onClick={() => setAsked("cancel")}>
            Cancel the job
          </Button>
        )}
        {(job.status === "FAILED" || job.status === "CANCELLED") && mayOperate && (
          <Button loading={retry.isPending} onClick={() => retry.mutate()}>
            Let it go on
          </Button>
        )}
        {ended && mayOperate && (
          <Button variant="subtle" color="red" onClick={() => setAsked("remove")}>
            Delete
          </Button>
        )}
      </Group>
      {retry.isError && <Failed problem={retry.error} />}
      <Confirm
        title="Cancel this job?"
        yes="Cancel it"
        isOpen={asked === "cancel"}
        isBusy={cancel.isPending}
        problem={cancel.error}
        onNo={no}
        onYes={() => cancel.mutate(undefined, { onSuccess: no })}
      >
        Rows that are stored already stay. The rest of the file is not loaded, until somebody lets the job go on.
      </Confirm>
      <Confirm
        title="Delete this job?"
        yes={rows ? "Delete it and its rows" : "Delete it"}
        isOpen={asked === "remove"}
        isBusy={remove.isPending}
        problem={remove.error}
        onNo={no}
        onYes={() => remove.mutate(rows, { onSuccess: () => void navigate({ to: "/jobs" }) })}
      >
        <Text>The job, its file, its history and its rejected rows are removed, for good. The rows that it stored stay.</Text>
        {mayAdminister && (
          <Checkbox mt="md" checked={rows} onChange={(event) => setRows(event.currentTarget.checked)} label="Remove the rows that it stored, too" />
        )}
      </Confirm>
    </>
  );
}
