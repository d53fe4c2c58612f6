// The largest groups as bars: a list whose text says what the bars show.
import "./group-bars.css";
import type { Group } from "../api/aggregates";
import { figure, lengths, size } from "../logic/figure";

interface Props {
  groups: readonly Group[];
  by: readonly string[];
  measure: string;
}

const nameOf = (group: Group, by: readonly string[]): string => by.map((field) => String(group[field] ?? "(nothing)")).join(", ");

export function GroupBars({ groups, by, measure }: Props) {
  const sizes = groups.map((group) => size(group[measure]));
  const shares = lengths(sizes);
  return (
    <ol className="group-bars" aria-label={`The largest by ${measure}`} data-testid="group-bars">
      {groups.map((group, at) => {
        const name = nameOf(group, by);
        return (
          <li key={JSON.stringify(by.map((field) => group[field]))}>
            <span className="name" title={name}>
              {name === "" ? "(empty)" : name}
            </span>
            <span className="track" aria-hidden>
              <span data-below={(sizes[at] ?? 0) < 0} style={{ width: `${(shares[at] ?? 0) * 100}%`, visibility: shares[at] === 0 ? "hidden" : undefined }} />
            </span>
            <span className="numbers" style={{ textAlign: "right" }}>
              {figure(group[measure])}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
