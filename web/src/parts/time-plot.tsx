// Numbers over time. A piece of its own: the plotting library is loaded where there is something to plot. What the pointer is at
// is said in words below.
import "uplot/dist/uPlot.min.css";
import { Group, Text, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import { time } from "../logic/format";

export interface Line {
  label: string;
  colour: string; // as CSS has it; light-dark() too
  values: readonly (number | null)[];
  bars?: boolean; // counts of an interval, rather than a course
}

interface Props {
  label: string; // for who does not see it
  seconds: readonly number[]; // since 1970
  lines: readonly Line[];
  write: (value: number) => string;
  height?: number;
  least?: number; // how far the axis goes at least
}

const DAY_S = 86_400;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dates = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

// As the reader writes times; where several days are shown, the days.
function writeTimes(moments: readonly number[]): string[] {
  const days = (moments.at(-1) ?? 0) - (moments[0] ?? 0) > 1.5 * DAY_S;
  return moments.map((moment) => (days ? dates : clock).format(new Date(moment * 1000)));
}

export default function TimePlot({ label, seconds, lines, write, height = 170, least = 1 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const [at, setAt] = useState<number | null>(null);
  const data = [[...seconds], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;
  const latest = useRef({ data, write });
  latest.current = { data, write };
  const shape = JSON.stringify(lines.map(({ label: name, colour, bars }) => [name, colour, bars === true]));

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    // A canvas does not know light-dark(): what the element was given is asked for as a colour.
    const colour = (value: string): string => {
      element.style.color = value;
      const seen = getComputedStyle(element).color;
      element.style.color = "";
      return seen;
    };
    const ink = colour("var(--soft)");
    const grid = colour("var(--line)");
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const series = (JSON.parse(shape) as [string, string, boolean][]).map(([name, value, bars]) => {
      const stroke = colour(value);
      const fill = `color-mix(in srgb, ${stroke} ${bars ? 70 : 14}%, transparent)`;
      return { label: name, stroke, width: bars ? 0 : 2, fill, points: { show: !bars && undefined }, paths: bars ? uPlot.paths.bars?.({ size: [0.8, 40] }) : undefined };
    });
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(least, (most ?? 0) * 1.1)] } },
        axes: [{ ...axis, space: 80, values: (_, moments) => writeTimes(moments) }, { ...axis, size: 72, values: (_, values) => values.map((value) => latest.current.write(value)) }],
        series: [{}, ...series],
        hooks: { setCursor: [(self) => setAt(self.cursor.idx ?? null)] },
      },
      latest.current.data,
      element,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
    // A scheme that changes changes the colours that were asked for.
  }, [shape, height, least, scheme]);

  useEffect(() => plot.current?.setData(latest.current.data), [seconds, lines]);

  const moment = at === null ? undefined : seconds[at];
  return (
    <div>
      <div ref={place} style={{ minHeight: height }} role="img" aria-label={label} />
      <Group gap="md" mih="1.4rem" mt={4}>
        {lines.map(({ label: name, colour, values }) => {
          const value = at === null ? undefined : values[at];
          return (
            <Text key={name} size="xs" className="soft numbers">
              <span className="dot" style={{ background: colour }} />
              {name}
              {moment !== undefined && `: ${value === null || value === undefined ? "–" : write(value)}`}
            </Text>
          );
        })}
        {moment !== undefined && (
          <Text size="xs" className="soft numbers">
            {time(new Date(moment * 1000).toISOString())}
          </Text>
        )}
      </Group>
    </div>
  );
}
