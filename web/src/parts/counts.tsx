// The numbers of a job: what was read is the sum of the four outcomes, and is shown as that.
import { Text, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import type { Counts } from "../api/client";
import { OUTCOMES, type Outcome, shares } from "../logic/counts";
import { count, percent } from "../logic/format";

const WORDS: Record<Outcome, { title: string; about: string }> = {
  inserted: { title: "New", about: "stored for the first time" },
  updated: { title: "Updated", about: "took the place of a stored row" },
  duplicate: { title: "Known already", about: "stored before, and left alone" },
  rejected: { title: "Rejected", about: "kept with their reasons" },
};

export function CountsBar({ counts }: { counts: Counts }) {
  const parts = shares(counts);
  const said = parts.map(({ outcome, share }) => `${WORDS[outcome].title} ${percent(share)}`).join(", ");
  return (
    <div className="bar" role="img" aria-label={said === "" ? "No rows yet" : said}>
      {parts.map(({ outcome, share }) => (
        <span key={outcome} style={{ flexGrow: share, background: `var(--${outcome})` }} />
      ))}
    </div>
  );
}

export function CountsTiles({ counts, rejects }: { counts: Counts; rejects?: ReactNode }) {
  return (
    <div className="tiles" data-testid="counts">
      <Tile title="Rows read" value={counts.read} about="the sum of the others" />
      {OUTCOMES.map((outcome) => (
        <Tile
          key={outcome}
          outcome={outcome}
          title={WORDS[outcome].title}
          value={counts[outcome]}
          about={outcome === "rejected" && counts.rejected > 0 ? (rejects ?? WORDS.rejected.about) : WORDS[outcome].about}
        />
      ))}
    </div>
  );
}

function Tile({ title, value, about, outcome }: { title: string; value: number; about: ReactNode; outcome?: Outcome }) {
  return (
    <div className="card" style={{ padding: "0.8rem 1rem" }} data-count={outcome ?? "read"}>
      <Text size="sm" className="soft">
        {outcome !== undefined && <span className="dot" style={{ background: `var(--${outcome})` }} />}
        {title}
      </Text>
      <Text fz={26} fw={650} lh={1.25} className="numbers">
        {count(value)}
      </Text>
      <Text size="xs" className="soft" component="div">
        {about}
      </Text>
    </div>
  );
}

// For a line of a list.
export function CountsLine({ counts }: { counts: Counts }) {
  if (counts.read === 0) return <Text size="sm" className="soft">–</Text>;
  return (
    <Text size="sm" className="numbers" component="span">
      {count(counts.read)} <VisuallyHidden>rows read</VisuallyHidden>
    </Text>
  );
}
