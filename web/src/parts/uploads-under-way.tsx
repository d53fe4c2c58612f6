// What is being sent, on every page but the one where it is shown anyway: leaving that page ends nothing.
import { Anchor, Progress, Text } from "@mantine/core";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { isUnderWay, useUploads } from "../api/uploads";
import { counted, percent } from "../logic/format";

export function UploadsUnderWay() {
  const { pathname } = useLocation();
  const sending = useUploads().filter(isUnderWay);
  const isSending = sending.length > 0;
  useEffect(() => {
    if (!isSending) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isSending]);
  if (!isSending || pathname === "/") return null;
  const sent = sending.reduce((sum, one) => sum + one.sent, 0);
  const size = sending.reduce((sum, one) => sum + one.size, 0);
  const share = size === 0 ? 1 : sent / size;
  return (
    <div className="card" style={{ position: "fixed", right: "1rem", bottom: "1rem", width: "min(20rem, calc(100vw - 2rem))", zIndex: 50 }}>
      <Text size="sm" mb={6}>
        Sending {counted(sending.length, "file")}: {percent(share)}.{" "}
        <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/" {...props} />}>
          Show
        </Anchor>
      </Text>
      <Progress value={share * 100} aria-label="Files being sent" />
    </div>
  );
}
