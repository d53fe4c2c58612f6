// One pipeline: read, changed, tried, copied, removed.
import { Alert, Button, Group, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { pipelineQuery, type ReadPipeline, removePipeline } from "../api/pipelines";
import { useMay } from "../api/principal";
import { ago } from "../logic/format";
import { Confirm } from "../parts/confirm";
import { PageTitle } from "../parts/page-title";
import { Failed, Waiting } from "../parts/states";
import { useNow } from "../parts/use-now";

const PipelineEditor = lazy(() => import("../parts/pipeline-editor"));

export function PipelinePage() {
  const { name } = useParams({ from: "/pipelines/$name" });
  // What is changed begins with what is there now, not with what some page has seen of it.
  const read = useQuery({ ...pipelineQuery(name), refetchOnWindowFocus: false, refetchOnMount: "always" });
  if (read.isPending || !read.isFetchedAfterMount) return <Waiting what="The pipeline is looked up" />;
  if (read.isError)
    return (
      <div className="page">
        <PageTitle>{name}</PageTitle>
        <Failed problem={read.error} onRetry={() => void read.refetch()} />
      </div>
    );
  return <Shown key={name} read={read.data} />;
}

function Shown({ read }: { read: ReadPipeline }) {
  const client = useQueryClient();
  const mayOperate = useMay("operate");
  const mayReadData = useMay("read_data");
  const now = useNow(60_000);
  // What is being changed must not change under the writer's hands: a newer one is seen by saving.
  const [base, setBase] = useState(read);
  const { pipeline } = base;
  const isFile = pipeline.origin === "file";
  return (
    <div className="page page-wide" style={{ maxWidth: "130rem" }}>
      <PageTitle
        about={
          isFile
            ? "A file in the server's folder of pipelines"
            : `${pipeline.inferred ? "Inferred from a file" : "Written"}${pipeline.updatedAt === null ? "" : ` ${ago(pipeline.updatedAt, now)}`}`
        }
        actions={
          <Group gap="xs">
            <Button variant="default" renderRoot={(props) => <Link to="/jobs" search={{ pipeline: pipeline.name }} {...props} />}>
              Its jobs
            </Button>
            {mayReadData && (
              <Button variant="default" renderRoot={(props) => <Link to="/rows/$pipeline" params={{ pipeline: pipeline.name }} {...props} />}>
                Its rows
              </Button>
            )}
            {mayOperate && (
              <Button variant="default" renderRoot={(props) => <Link to="/pipelines/new" search={{ from: pipeline.name }} {...props} />}>
                Copy
              </Button>
            )}
            {mayOperate && !isFile && <Remove read={base} />}
          </Group>
        }
      >
        {pipeline.name}
      </PageTitle>
      {isFile && (
        <Alert color="blue" mb="md">
          It is changed where the server runs, in its folder of pipelines. {mayOperate && "A copy of it can be changed here."}
        </Alert>
      )}
      <Suspense fallback={<Skeleton height={520} role="status" aria-label="The pipeline is loaded" />}>
        <PipelineEditor
          key={base.etag}
          name={pipeline.name}
          begun={pipeline.text}
          etag={base.etag}
          isReadOnly={isFile || !mayOperate}
          onSaved={async (name) => setBase(await client.fetchQuery({ ...pipelineQuery(name), staleTime: 0 }))}
        />
      </Suspense>
    </div>
  );
}

function Remove({ read }: { read: ReadPipeline }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isAsked, setAsked] = useState(false);
  const { name } = read.pipeline;
  const removing = useMutation({
    mutationFn: () => removePipeline(name, read.etag),
    onSuccess: async () => {
      setAsked(false);
      await navigate({ to: "/pipelines" });
      client.removeQueries({ queryKey: ["pipeline", name] });
      void client.invalidateQueries({ queryKey: ["pipelines"] });
    },
  });
  return (
    <>
      <Button variant="subtle" color="red" onClick={() => setAsked(true)}>
        Delete
      </Button>
      <Confirm title={`Delete the pipeline ${name}?`} yes="Delete it" isOpen={isAsked} isBusy={removing.isPending} problem={removing.error} onNo={() => setAsked(false)} onYes={() => removing.mutate()}>
        Rows and jobs that went through it stay. A file that comes under its name later makes a new one, inferred from that file.
      </Confirm>
    </>
  );
}
