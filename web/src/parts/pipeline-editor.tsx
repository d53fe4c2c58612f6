// A pipeline that is read, written and tried: form and YAML side by side, two views of one text. A piece of its own: what reads
// and writes YAML is loaded with it.
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useBlocker } from "@tanstack/react-router";
import { Check, CircleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { putPipeline } from "../api/pipelines";
import { Problem } from "../api/problem";
import { counted } from "../logic/format";
import { Confirm } from "./confirm";
import { PipelineForm } from "./pipeline-form";
import { PipelineSample, type Sample } from "./pipeline-sample";
import { Failed } from "./states";
import { usePipelineText } from "./use-pipeline-text";
import { YamlPane } from "./yaml-pane";

interface Props {
  name: string | null; // null: a new one
  begun: string; // its text
  etag: string | null;
  isReadOnly: boolean;
  sample?: Sample | null; // to try it on from the beginning
  isUnsaved?: boolean; // what it begins with is kept nowhere yet
  onSaved: (name: string) => Promise<void>;
}

const CHANGED = 412;

export default function PipelineEditor({ name, begun, etag, isReadOnly, sample = null, isUnsaved = false, onSaved }: Props) {
  const client = useQueryClient();
  const pipeline = usePipelineText(begun, name, isReadOnly);
  const { text, setText, hand, faults } = pipeline;
  const isWide = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const [view, setView] = useState<"form" | "yaml">("form");
  const [file, setFile] = useState<Sample | null>(sample);
  const isChanged = isUnsaved || text !== begun;
  const isLeft = useRef(false); // saved: nothing is lost by leaving

  const saving = useMutation({
    mutationFn: () => putPipeline(pipeline.name, text, name === null ? { "If-None-Match": "*" } : { "If-Match": etag ?? "" }),
    onSuccess: async () => {
      isLeft.current = true;
      void client.invalidateQueries({ queryKey: ["pipelines"] });
      await onSaved(pipeline.name);
      isLeft.current = false;
    },
  });
  const isLost = isChanged && !isReadOnly && text.trim() !== "";
  const leaving = useBlocker({ shouldBlockFn: ({ current, next }) => isLost && !isLeft.current && current.pathname !== next.pathname, withResolver: true });
  useEffect(() => {
    if (!isLost) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isLost]);

  const form = <PipelineForm hand={hand} isNamed={name !== null} />;
  const yaml = <YamlPane text={text} faults={faults} isReadOnly={isReadOnly} onText={setText} />;
  return (
    <Stack gap="md" data-pipeline-state={pipeline.isChecking ? "checking" : faults.length > 0 ? "faulty" : pipeline.isGood ? "good" : "open"}>
      {pipeline.problem !== null && <Failed problem={pipeline.problem} />}
      {isWide ? (
        <div className="side-by-side">
          <div>{form}</div>
          <div className="beside">{yaml}</div>
        </div>
      ) : (
        <>
          <Button.Group>
            <Button fullWidth variant={view === "form" ? "filled" : "default"} aria-pressed={view === "form"} onClick={() => setView("form")}>
              Form
            </Button>
            <Button fullWidth variant={view === "yaml" ? "filled" : "default"} aria-pressed={view === "yaml"} onClick={() => setView("yaml")}>
              YAML
            </Button>
          </Button.Group>
          {view === "form" ? form : yaml}
        </>
      )}
      {!isReadOnly && <PipelineSample name={pipeline.name} text={text} isGood={pipeline.isGood} file={file} onFile={setFile} />}
      {saving.isError && <NotSaved problem={saving.error} isNew={name === null} name={pipeline.name} />}
      {isLost && (
        <div className="card save-bar" role="region" aria-label="Keep it">
          <Group justify="space-between">
            <Said isChecking={pipeline.isChecking} faults={faults.length} isNamed={pipeline.name !== ""} />
            <Group gap="xs">
              {text !== begun && (
                <Button variant="default" onClick={() => setText(begun)} disabled={saving.isPending}>
                  Undo all
                </Button>
              )}
              <Button onClick={() => saving.mutate()} disabled={!pipeline.isGood} loading={saving.isPending}>
                {name === null ? "Create the pipeline" : "Save"}
              </Button>
            </Group>
          </Group>
        </div>
      )}
      <Confirm
        title="Leave without saving?"
        yes="Leave, and lose it"
        isOpen={leaving.status === "blocked"}
        isBusy={false}
        problem={null}
        onNo={() => leaving.reset?.()}
        onYes={() => leaving.proceed?.()}
      >
        What you changed here is kept nowhere yet.
      </Confirm>
    </Stack>
  );
}

function Said({ isChecking, faults, isNamed }: { isChecking: boolean; faults: number; isNamed: boolean }) {
  const good = faults === 0 && isNamed && !isChecking;
  const Icon = good ? Check : CircleAlert;
  return (
    <Group gap={8} wrap="nowrap">
      {!isChecking && <Icon size={18} aria-hidden color={good ? "var(--mended-line)" : "var(--fault-line)"} style={{ flex: "none" }} />}
      <Text size="sm" role="status">
        {isChecking
          ? "The server looks at it …"
          : faults > 0
            ? `${counted(faults, "thing")} to be mended: it is marked in the YAML and at its field.`
            : isNamed
              ? "It can be used as it is. Jobs that were accepted keep the pipeline they had."
              : "It needs a name."}
      </Text>
    </Group>
  );
}

function NotSaved({ problem, isNew, name }: { problem: Error; isNew: boolean; name: string }) {
  if (!(problem instanceof Problem) || problem.status !== CHANGED) return <Failed problem={problem} />;
  return (
    <Alert color="orange" role="alert" title={isNew ? "There is a pipeline of this name" : "Somebody else changed it meanwhile"}>
      {isNew ? (
        <>
          Give this one another name, or <Link to="/pipelines/$name" params={{ name }}>look at the one there is</Link>.
        </>
      ) : (
        "Copy what you changed, load the page again, and put it in."
      )}
    </Alert>
  );
}
