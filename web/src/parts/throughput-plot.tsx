// Rows a second over the time of a job. A piece of its own: the plotting library is loaded where there is something to plot.
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import type { Throughput } from "../logic/counts";
import { count } from "../logic/format";

const HEIGHT = 170;

export default function ThroughputPlot({ data }: { data: Throughput }) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const style = getComputedStyle(element);
    const soft = style.getPropertyValue("--soft").trim();
    const line = style.getPropertyValue("--line").trim();
    // A canvas does not know light-dark(): what the element was given is asked for as a colour.
    const colour = (value: string): string => {
      element.style.color = value;
      const seen = getComputedStyle(element).color;
      element.style.color = "";
      return seen;
    };
    const ink = colour(soft);
    const grid = colour(line);
    const stroke = colour("var(--mantine-primary-color-filled)");
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [axis, { ...axis, size: 64, values: (_, values) => values.map((value) => count(value)) }],
        series: [{}, { stroke, width: 2, fill: `color-mix(in srgb, ${stroke} 14%, transparent)`, points: { show: data.seconds.length < 3 } }],
      },
      [data.seconds, data.rows],
      element,
    );
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
    // A scheme that changes changes the colours that were asked for.
  }, [data, scheme]);
  const most = Math.max(0, ...data.rows);
  return <div ref={place} style={{ minHeight: HEIGHT }} role="img" aria-label={`Rows a second over time, at most ${count(Math.round(most))}`} />;
}
