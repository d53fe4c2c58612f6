// The text of a pipeline: a plain text area, so that everything a browser and a screen reader can do with text works in it, with
// numbers beside the lines and a mark on those that something is wrong with.
import "./yaml-pane.css";
import { Anchor, Text } from "@mantine/core";
import { useRef, useState } from "react";
import type { Fault } from "../logic/pipeline-text";

interface Props {
  text: string;
  faults: readonly Fault[];
  isReadOnly: boolean;
  onText: (text: string) => void;
}

const LINE_REM = 1.35;
const PADDING_REM = 0.6;

export function YamlPane({ text, faults, isReadOnly, onText }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [top, setTop] = useState(0);
  const count = text.split("\n").length;
  const faulty = new Set(faults.map(({ line }) => line));
  const moved = { transform: `translateY(${-top}px)` };

  function show({ line, column }: Fault) {
    const element = area.current;
    if (element === null || line === null) return;
    const begin = text.split("\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    element.focus();
    element.setSelectionRange(begin + (column ?? 1) - 1, begin + (column ?? 1) - 1);
    element.scrollTop = (line - 4) * LINE_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  return (
    <div>
      <div className="yaml">
        <div className="lines numbers" aria-hidden>
          <div style={moved}>
            {Array.from({ length: count }, (_, at) => (
              <span key={at} data-fault={faulty.has(at + 1)}>
                {at + 1}
              </span>
            ))}
          </div>
        </div>
        <div className="text">
          <div style={moved} aria-hidden>
            {[...faulty].map((line) => line !== null && <div key={line} className="mark" style={{ top: `${PADDING_REM + (line - 1) * LINE_REM}rem` }} />)}
          </div>
          <textarea
            ref={area}
            aria-label="The pipeline as YAML"
            aria-invalid={faults.length > 0}
            aria-describedby="yaml-faults"
            value={text}
            readOnly={isReadOnly}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            wrap="off"
            onChange={(event) => onText(event.currentTarget.value)}
            onScroll={(event) => setTop(event.currentTarget.scrollTop)}
          />
        </div>
      </div>
      <div id="yaml-faults" aria-live="polite" style={{ minHeight: "1.6rem", marginTop: 6 }}>
        {faults.map((fault) => (
          <Text size="sm" key={`${fault.line} ${fault.message}`} className="wrap" c="var(--rejected)">
            {fault.line !== null && (
              <Anchor component="button" type="button" size="sm" fw={600} underline="always" c="inherit" onClick={() => show(fault)}>
                Line {fault.line}
              </Anchor>
            )}
            {fault.line !== null && ": "}
            {fault.message}
          </Text>
        ))}
      </div>
    </div>
  );
}
