// Rows a second over the time of a job.
import type { Throughput } from "../logic/counts";
import { count } from "../logic/format";
import TimePlot from "./time-plot";

const write = (value: number) => count(Math.round(value));

export default function ThroughputPlot({ data }: { data: Throughput }) {
  const most = Math.max(0, ...data.rows);
  return (
    <TimePlot
      label={`Rows a second over time, at most ${write(most)}`}
      seconds={data.seconds}
      lines={[{ label: "Rows a second", colour: "var(--mantine-primary-color-filled)", values: data.rows }]}
      write={write}
    />
  );
}
