// What came of corrections that were sent.
import { Alert, Anchor, Group, Loader, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { hasEnded } from "../api/jobs";
import { counted } from "../logic/format";
import type { CorrectionsInHand } from "./use-corrections";

export function CorrectionsSent({ hand }: { hand: CorrectionsInHand }) {
  const { sent } = hand;
  if (sent === null) return null;
  const { job, jobId } = sent;
  if (job === undefined || !hasEnded(job)) {
    return (
      <Alert color="blue" role="status">
        <Group gap="sm">
          <Loader size="xs" />
          <Text size="sm">Your corrections have arrived, and are loaded.</Text>
        </Group>
      </Alert>
    );
  }
  const { rows } = job;
  const isGood = job.status === "COMPLETED" && rows.rejected === 0;
  const stored = rows.inserted + rows.updated;
  return (
    <Alert color={isGood ? "green" : "orange"} role="status" withCloseButton closeButtonLabel="Close" onClose={hand.close}>
      <Text size="sm" data-testid="corrections-result">
        {job.status !== "COMPLETED" && `${job.error ?? "The job did not come to its end."} `}
        {stored > 0 && `${counted(stored, "row")} ${stored === 1 ? "is" : "are"} stored now. `}
        {rows.duplicate > 0 && `${counted(rows.duplicate, "row")} ${rows.duplicate === 1 ? "was" : "were"} stored already. `}
        {rows.rejected > 0 && `${counted(rows.rejected, "row")} did not pass again: see what is wrong now. `}
        <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: jobId }} {...props} />}>
          The job of these corrections
        </Anchor>
      </Text>
    </Alert>
  );
}
