// How the server does: rows, errors and waiting over time, and what is so at this moment.
import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";
import { Anchor, Group, SegmentedControl, Select, Skeleton, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import { pipelinesQuery } from "../api/pipelines";
import { queuesQuery } from "../api/queues";
import { type Span, type Statistics, statisticsQuery } from "../api/statistics";
import { bytes, count, counted, duration, percent } from "../logic/format";
import { seriesOf, sumsOf } from "../logic/series";
import { PageTitle } from "../parts/page-title";
import { Readiness } from "../parts/readiness";
import { Failed } from "../parts/states";
import type { Line } from "../parts/time-plot";
import { Tile } from "../parts/tile";
import { useLive } from "../parts/use-live";

const TimePlot = lazy(() => import("../parts/time-plot"));

const SPAN_WORDS: { value: Span; label: string }[] = [
  { value: "hour", label: "Hour" },
  { value: "day", label: "Day" },
  { value: "week", label: "Week" },
  { value: "month", label: "Month" },
];

const whole = (value: number) => count(Math.round(value));
const milliseconds = new Intl.NumberFormat(undefined, { style: "unit", unit: "millisecond", maximumFractionDigits: 0 });
const seconds = (value: number) => (value === 0 ? "0" : value < 1 ? milliseconds.format(value * 1000) : duration(value));
const LEAST_WAIT = 0.1; // seconds: what is shorter is nothing

export function DashboardPage() {
  const { span = "hour", pipeline } = useSearch({ from: "/dashboard" });
  const navigate = useNavigate({ from: "/dashboard" });
  const pipelines = useQuery(pipelinesQuery);
  const statistics = useQuery(statisticsQuery(span, pipeline));
  useLive(["statistics"], ["queues"]);
  const names = [...new Set([...(pipelines.data ?? []).map(({ name }) => name), ...(pipeline === undefined ? [] : [pipeline])])];
  return (
    <div className="page">
      <PageTitle about="Rows, errors and waiting over time, as they happen.">Dashboard</PageTitle>
      <Stack gap="lg">
        <Readiness />
        <Group gap="sm" align="flex-end">
          <SegmentedControl aria-label="How far back" data={SPAN_WORDS} value={span} onChange={(next) => void navigate({ search: { span: next === "hour" ? undefined : (next as Span), pipeline }, replace: true })} />
          <Select
            aria-label="Pipeline"
            placeholder="All pipelines"
            clearable
            searchable
            clearButtonProps={{ "aria-label": "All pipelines" }}
            data={names}
            value={pipeline ?? null}
            onChange={(next) => void navigate({ search: { span: span === "hour" ? undefined : span, pipeline: next ?? undefined }, replace: true })}
            w={{ base: "100%", xs: 240 }}
          />
        </Group>
        {statistics.isError && <Failed problem={statistics.error} onRetry={() => void statistics.refetch()} />}
        {statistics.isPending && <Skeleton height="60vh" aria-label="Statistics are looked up" />}
        {statistics.data !== undefined && <Shown statistics={statistics.data} />}
      </Stack>
    </div>
  );
}

function Shown({ statistics }: { statistics: Statistics }) {
  const queues = useQuery(queuesQuery);
  const sums = sumsOf(statistics);
  const series = useMemo(() => seriesOf(statistics), [statistics]);
  const ours = queues.data?.find(({ holds }) => holds === "splits");
  const plots = useMemo(
    () => ({
      rows: [{ label: "Rows read a second", colour: "var(--mantine-primary-color-filled)", values: series.rowsPerSecond }],
      errors: [
        { label: "Rows rejected", colour: "var(--rejected)", values: series.rejected, bars: true },
        { label: "Jobs that failed", colour: "var(--duplicate)", values: series.failed, bars: true },
      ],
      waits: [
        { label: "The longest", colour: "var(--duplicate)", values: series.longestWait, bars: true },
        { label: "On average", colour: "var(--mantine-primary-color-filled)", values: series.meanWait, bars: true },
      ],
    }),
    [series],
  );
  const interval = duration(statistics.intervalSeconds);
  return (
    <>
      <div className="tiles">
        <Tile testId="read" title="Rows read" value={count(sums.read)} about={`${count(sums.stored)} of them stored`} />
        <Tile testId="rejected" title="Rejected" colour="var(--rejected)" value={count(sums.rejected)} about={sums.read === 0 ? "of none" : `${percent(sums.rejected / sums.read)} of them`} />
        <Tile testId="completed" title="Jobs completed" value={count(sums.completed)} about={`${bytes(sums.bytes)} sent`} />
        <Tile
          testId="failed"
          title="Jobs that failed"
          value={count(sums.failed)}
          about={ours !== undefined && ours.failed > 0 ? <Anchor size="xs" underline="always" renderRoot={(props) => <Link to="/queue" {...props} />}>{counted(ours.failed, "job")} given up</Anchor> : sums.failed === 0 ? "none" : "looked after since"}
        />
        <Tile
          testId="waiting"
          title="Wait now"
          value={count(statistics.jobsWaiting)}
          about={ours?.paused === true ? <Anchor size="xs" underline="always" renderRoot={(props) => <Link to="/queue" {...props} />}>the queue is paused</Anchor> : counted(ours?.active ?? 0, "piece") + " in work"}
        />
        <Tile testId="wait" title="Began after" value={sums.meanWait === null ? "–" : seconds(sums.meanWait)} about="on average, from being sent" />
      </div>
      <Plot title="Rows" about="a second" series={series.seconds} lines={plots.rows} write={whole} label={`Rows read a second over time; ${counted(sums.read, "row")} together`} />
      <Plot title="Errors" about={`in ${interval}`} series={series.seconds} lines={plots.errors} write={whole} label={`Rejected rows and failed jobs over time; ${counted(sums.rejected, "row")} and ${counted(sums.failed, "job")} together`} />
      <Plot
        title="Waiting"
        about="from being sent until somebody works on it"
        series={series.seconds}
        lines={plots.waits}
        write={seconds}
        label={sums.meanWait === null ? "Waiting over time; nothing was begun" : `Waiting over time; ${seconds(sums.meanWait)} on average`}
        least={LEAST_WAIT}
      />
    </>
  );
}

interface PlotProps {
  title: string;
  about: ReactNode;
  series: readonly number[];
  lines: readonly Line[];
  write: (value: number) => string;
  label: string;
  least?: number;
}

const PLOT_HEIGHT = 170;

function Plot({ title, about, series, lines, write, label, least }: PlotProps) {
  return (
    <section className="card" aria-label={title}>
      <Title order={2} size="h5" mb="xs">
        {title} <span className="soft" style={{ fontWeight: 400 }}>{about}</span>
      </Title>
      <Suspense fallback={<div style={{ minHeight: PLOT_HEIGHT + 26 }} />}>
        <TimePlot label={label} seconds={series} lines={lines} write={write} height={PLOT_HEIGHT} least={least} />
      </Suspense>
    </section>
  );
}
