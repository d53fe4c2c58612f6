// Makes an aggregate anew from the stored rows, and says what was found.
import { Alert, Button, Text } from "@mantine/core";
import { useState } from "react";
import { useRebuild } from "../api/aggregates";
import { count, counted } from "../logic/format";
import { Confirm } from "./confirm";

// The button and, once it has run, its result.
export function useRebuildAggregate(name: string) {
  const rebuild = useRebuild(name);
  const [asked, setAsked] = useState(false);
  const button = (
    <>
      <Button variant="default" onClick={() => setAsked(true)}>
        Rebuild
      </Button>
      <Confirm
        title="Make all groups anew?"
        yes="Rebuild"
        isOpen={asked}
        isBusy={rebuild.isPending}
        problem={rebuild.error}
        onNo={() => setAsked(false)}
        onYes={() => rebuild.mutate(undefined, { onSuccess: () => setAsked(false) })}
      >
        <Text>
          Every stored row is looked at, which takes its time where there are many, and files of its pipelines wait until it is done. It is needed only where
          somebody has changed stored rows past the program.
        </Text>
      </Confirm>
    </>
  );
  const result = rebuild.data !== undefined && (
    <Alert color={rebuild.data.wrong === 0 ? "green" : "orange"} withCloseButton closeButtonLabel="Close" onClose={rebuild.reset} role="status" data-testid="rebuilt">
      {counted(rebuild.data.rows, "stored row")} looked at, {counted(rebuild.data.groups, "group")} made of them.{" "}
      {rebuild.data.wrong === 0 ? "All of them were right." : `${count(rebuild.data.wrong)} of them ${rebuild.data.wrong === 1 ? "was" : "were"} wrong, and ${rebuild.data.wrong === 1 ? "is" : "are"} right now.`}
    </Alert>
  );
  return { button, result };
}
