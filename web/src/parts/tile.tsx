// A number with what it is.
import { Text } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title: string;
  value: ReactNode;
  about?: ReactNode;
  colour?: string;
  testId?: string;
}

export function Tile({ title, value, about, colour, testId }: Props) {
  return (
    <div className="card" style={{ padding: "0.8rem 1rem" }} data-tile={testId}>
      <Text size="sm" className="soft">
        {colour !== undefined && <span className="dot" style={{ background: colour }} />}
        {title}
      </Text>
      <Text fz={26} fw={650} lh={1.25} className="numbers">
        {value}
      </Text>
      {about !== undefined && (
        <Text size="xs" className="soft" component="div">
          {about}
        </Text>
      )}
    </div>
  );
}
